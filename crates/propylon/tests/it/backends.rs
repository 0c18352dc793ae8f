//! Servers that users register: the API, what is kept, what is dialled for them, and what never is.

mod api;
mod boundary;
mod crash;
mod hostile;
mod limits;
mod many;
mod namespace;
mod path;
mod rebinding;
mod stand;
mod tool;
