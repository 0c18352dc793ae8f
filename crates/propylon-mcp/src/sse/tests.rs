//! Tests of the framer and the parser: cases by hand, and every split giving the same events.
