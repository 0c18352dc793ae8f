//! Members of a request's `params` by their own names: what the one `name` of a peek is drawn from, and the arguments.

use std::borrow::Cow;
use std::fmt;

/// Members of `params`, each as the last of its name has it.
#[derive(Clone)]
pub struct Params<'a> {
    /// `name`, if it is a string.
    pub name: Option<Cow<'a, str>>,
    /// `uri`, if it is a string.
    pub uri: Option<Cow<'a, str>>,
    /// `taskId`, if it is a string: whoever holds it can act on the task, so it is never to be logged.
    pub task_id: Option<Cow<'a, str>>,
    /// The JSON text of `arguments`, if that is an object and was seen to its end. Never to be logged.
    pub arguments: Option<&'a str>,
}

impl Params<'_> {
    pub(super) const NONE: Self = Self {
        name: None,
        uri: None,
        task_id: None,
        arguments: None,
    };
}

impl fmt::Debug for Params<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Params")
            .field("name", &self.name)
            .field("uri", &self.uri)
            .finish_non_exhaustive()
    }
}
