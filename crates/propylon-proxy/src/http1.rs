//! HTTP/1.1 on the wire, without I/O: heads are read in place and their lines kept as they came.

pub(crate) mod chunked;
pub(crate) mod field;
pub(crate) mod framing;
pub(crate) mod head;
pub(crate) mod lines;
