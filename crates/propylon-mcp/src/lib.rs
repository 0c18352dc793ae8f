//! The words of the Model Context Protocol on the wire, without I/O.
