//! Task ids where they stand in messages: in the result that makes a task, and in requests about tasks.

use crate::SessionFingerprint;
use crate::peek::members::{elements, member, text};

/// What every message that makes a task contains. A writer that escapes these letters is not known.
pub const TASK_ID: &[u8] = b"\"taskId\"";

/// Most task ids of one request that are looked at.
pub const TASKS_PER_REQUEST_MAX: usize = 64;

/// The task that this response makes, if it does: a result whose `resultType` is `task` (SEP-2663, Polymorphic
/// Results).
pub fn made_by(message: &[u8]) -> Option<SessionFingerprint> {
    let result = member(std::str::from_utf8(message).ok()?, "result")?;
    let kind = text(member(result, "resultType")?)?;
    let id = text(member(result, "taskId")?)?;
    (kind == "task").then(|| SessionFingerprint::of_task(&id))
}

/// The tasks whose notifications this `subscriptions/listen` asks for (SEP-2663, Task Status Notifications), the
/// first of them if there are very many.
pub fn listened_to(message: &[u8]) -> Vec<SessionFingerprint> {
    let ids = || {
        let params = member(std::str::from_utf8(message).ok()?, "params")?;
        member(member(params, "notifications")?, "taskIds")
    };
    let ids = elements(ids().unwrap_or("[]")).take(TASKS_PER_REQUEST_MAX);
    ids.filter_map(text)
        .map(|id| SessionFingerprint::of_task(&id))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::{listened_to, made_by};
    use crate::SessionFingerprint;

    #[test]
    fn a_result_that_makes_a_task_names_it() {
        for (message, id) in [
            (
                r#"{"id":1,"result":{"resultType":"task","taskId":"a-1","status":"working"}}"#,
                Some("a-1"),
            ),
            (
                r#"{"result":{"taskId":"\u0061-1","x":[{}],"resultType":"task"},"id":1}"#,
                Some("a-1"),
            ),
            (
                r#"{"result":{"resultType":"complete","taskId":"a-1","status":"working"}}"#,
                None,
            ),
            (r#"{"result":{"resultType":"task","taskId":7}}"#, None),
            (
                r#"{"method":"x","params":{"resultType":"task","taskId":"a-1"}}"#,
                None,
            ),
            (
                r#"{"result":{"content":[{"resultType":"task","taskId":"a-1"}]}}"#,
                None,
            ),
            (r#"{"result":{"resultType":"task","taskId":"a-1""#, None),
        ] {
            assert_eq!(
                made_by(message.as_bytes()),
                id.map(SessionFingerprint::of_task),
                "{message}"
            );
        }
        assert_eq!(made_by(b"\xff"), None);
    }

    #[test]
    fn a_listener_names_its_tasks() {
        let message = br#"{"method":"subscriptions/listen","params":{"notifications":{"toolsListChanged":true,"taskIds":["a",7,"b"]}}}"#;
        let tasks = ["a", "b"].map(SessionFingerprint::of_task);
        assert_eq!(listened_to(message), tasks);
        assert_eq!(listened_to(br#"{"params":{"notifications":{}}}"#), []);
    }
}
