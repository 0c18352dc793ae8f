//! Tests of the peek: cases by hand, and agreement with a full parser.
