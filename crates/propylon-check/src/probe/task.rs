//! Tasks of the modern extension: a store per instance, and a status that follows from the clock.

use std::time::{Duration, Instant};

use hashlink::LinkedHashMap;
use serde_json::{Map, Value, json};

use super::clock::{Stamp, iso_8601};
use super::identity::uuid;

/// How long a task is kept.
const LIFE: Duration = Duration::from_secs(600);

/// How a task is to come out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Fate {
    Completed,
    Failed,
    /// Completed, with `isError: true`.
    ErrorResult,
}

/// One task.
#[derive(Clone, Debug)]
pub(crate) struct Task {
    pub(crate) id: String,
    created: Stamp,
    created_at: Instant,
    changed: Stamp,
    /// When its work is done; while input is missing, how much work is left after it.
    due: Due,
    fate: Fate,
    cancelled: bool,
    /// The result it will have.
    result: Value,
}

#[derive(Clone, Copy, Debug)]
enum Due {
    At(Instant),
    AfterInput(Duration),
}

/// What a task is made from.
#[derive(Clone, Debug)]
pub(crate) struct Plan {
    pub(crate) work: Duration,
    pub(crate) needs_input: bool,
    pub(crate) fate: Fate,
    pub(crate) result: Value,
}

impl Task {
    fn status(&self, now: Instant) -> &'static str {
        match self.due {
            _ if self.cancelled => "cancelled",
            Due::AfterInput(_) => "input_required",
            Due::At(due) if now < due => "working",
            Due::At(_) if self.fate == Fate::Failed => "failed",
            Due::At(_) => "completed",
        }
    }

    /// The fields of `Task`, and of `DetailedTask` when `detailed` (SEP-2663, Tasks).
    pub(crate) fn json(&self, now: Instant, detailed: bool) -> Map<String, Value> {
        let status = self.status(now);
        let mut task = json!({
            "taskId": self.id,
            "status": status,
            "createdAt": iso_8601(self.created.at_unix_us),
            "lastUpdatedAt": iso_8601(self.changed.at_unix_us),
            "ttlMs": 600_000,
            "pollIntervalMs": 200,
        });
        if let (true, Some(task)) = (detailed, task.as_object_mut()) {
            match status {
                "completed" => drop(task.insert("result".into(), self.result.clone())),
                "failed" => drop(task.insert(
                    "error".into(),
                    json!({"code": -32_603, "message": "failed, as asked"}),
                )),
                "input_required" => drop(task.insert("inputRequests".into(), input_request())),
                _ => {}
            }
        }
        match task {
            Value::Object(task) => task,
            _ => Map::new(),
        }
    }
}

fn input_request() -> Value {
    json!({"confirm": {"method": "elicitation/create", "params": {
        "mode": "form",
        "message": "Shall the task go on?",
        "requestedSchema": {"type": "object", "properties": {"yes": {"type": "boolean"}}, "required": ["yes"]},
    }}})
}

/// The tasks of one instance.
#[derive(Debug)]
pub(crate) struct Tasks {
    kept: LinkedHashMap<String, Task>,
    tasks_max: usize,
}

impl Tasks {
    pub(crate) fn new(tasks_max: usize) -> Self {
        Self {
            kept: LinkedHashMap::new(),
            tasks_max,
        }
    }

    /// Makes a task; the oldest goes when there are too many.
    pub(crate) fn create(&mut self, plan: Plan, stamp: Stamp, now: Instant) -> Task {
        while self.kept.len() >= self.tasks_max {
            self.kept.pop_front();
        }
        let fate = plan.fate;
        let mut result = plan.result;
        if let (Fate::ErrorResult, Some(result)) = (fate, result.as_object_mut()) {
            result.insert("isError".into(), json!(true));
        }
        let task = Task {
            id: uuid(),
            created: stamp,
            created_at: now,
            changed: stamp,
            due: if plan.needs_input {
                Due::AfterInput(plan.work)
            } else {
                Due::At(now + plan.work)
            },
            fate,
            cancelled: false,
            result,
        };
        self.kept.insert(task.id.clone(), task.clone());
        task
    }

    pub(crate) fn find(&self, id: &str, now: Instant) -> Option<&Task> {
        self.kept
            .get(id)
            .filter(|task| now.duration_since(task.created_at) < LIFE)
    }

    /// Takes the answers to what the task asked; answers to anything else are ignored, as the extension says.
    pub(crate) fn update(
        &mut self,
        id: &str,
        answers: &[&str],
        stamp: Stamp,
        now: Instant,
    ) -> bool {
        let Some(task) = self.kept.get_mut(id) else {
            return false;
        };
        if let (Due::AfterInput(work), true) = (task.due, answers.contains(&"confirm")) {
            task.due = Due::At(now + work);
            task.changed = stamp;
        }
        true
    }

    pub(crate) fn cancel(&mut self, id: &str, stamp: Stamp, now: Instant) -> bool {
        let Some(task) = self.kept.get_mut(id) else {
            return false;
        };
        if matches!(task.status(now), "working" | "input_required") {
            task.cancelled = true;
            task.changed = stamp;
        }
        true
    }

    pub(crate) fn clear(&mut self) {
        self.kept.clear();
    }
}

#[cfg(test)]
mod tests {
    use std::time::{Duration, Instant};

    use serde_json::json;

    use super::{Fate, Plan, Tasks};
    use crate::probe::clock::Stamp;

    const STAMP: Stamp = Stamp {
        at_ns: 0,
        at_unix_us: 0,
    };

    fn plan(needs_input: bool, fate: Fate) -> Plan {
        Plan {
            work: Duration::from_secs(2),
            needs_input,
            fate,
            result: json!({"content": []}),
        }
    }

    #[test]
    fn a_tasks_status_follows_the_clock() {
        let (mut tasks, start) = (Tasks::new(8), Instant::now());
        for (fate, expected) in [
            (Fate::Completed, "completed"),
            (Fate::Failed, "failed"),
            (Fate::ErrorResult, "completed"),
        ] {
            let id = tasks.create(plan(false, fate), STAMP, start).id;
            assert_eq!(
                tasks.find(&id, start).unwrap().json(start, true)["status"],
                "working"
            );
            let later = start + Duration::from_secs(2);
            let done = tasks.find(&id, later).unwrap().json(later, true);
            assert_eq!(done["status"], expected);
            assert_eq!(done.contains_key("error"), fate == Fate::Failed);
            assert_eq!(
                done.get("result")
                    .is_some_and(|result| result["isError"] == true),
                fate == Fate::ErrorResult
            );
            assert!(tasks.find(&id, start + Duration::from_secs(601)).is_none());
        }
    }

    #[test]
    fn input_and_cancellation_move_a_task() {
        let (mut tasks, start) = (Tasks::new(8), Instant::now());
        let id = tasks.create(plan(true, Fate::Completed), STAMP, start).id;
        let status = |tasks: &Tasks, after| {
            let now = start + Duration::from_secs(after);
            tasks.find(&id, now).unwrap().json(now, true)["status"]
                .as_str()
                .unwrap()
                .to_owned()
        };
        assert_eq!(status(&tasks, 9), "input_required");
        assert!(tasks.update(&id, &["other"], STAMP, start));
        assert_eq!(status(&tasks, 9), "input_required");
        assert!(tasks.update(&id, &["confirm"], STAMP, start));
        assert_eq!(status(&tasks, 1), "working");
        assert!(tasks.cancel(&id, STAMP, start));
        assert_eq!(status(&tasks, 9), "cancelled");
        assert!(!tasks.cancel("other", STAMP, start) && !tasks.update("other", &[], STAMP, start));
    }

    #[test]
    fn the_oldest_task_goes_first() {
        let (mut tasks, start) = (Tasks::new(1), Instant::now());
        let first = tasks.create(plan(false, Fate::Completed), STAMP, start).id;
        let second = tasks.create(plan(false, Fate::Completed), STAMP, start).id;
        assert!(tasks.find(&first, start).is_none() && tasks.find(&second, start).is_some());
    }
}
