//! The deployment description: what a propylon.yaml says, checked.
