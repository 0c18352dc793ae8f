//! `task-scattered`: task's requests reach different instances.

use crate::practice::{EraScope, Group, Practice, Seen, Severity};

pub(crate) const PRACTICE: Practice = Practice {
    id: "task-scattered",
    title: "Task's requests reach different instances",
    severity: Severity::Error,
    era: EraScope::Modern,
    group: Group::Sessions,
    holds: "`tasks/get`, `tasks/update` and `tasks/cancel` reach the instance that made the task.",
    seen: Seen::Outside(
        "Makes tasks on every instance, polls each several times, and reads which instance answered; needs two or more instances.",
    ),
    consequence: "A long tool call starts, and polling it says \"unknown task\" two times in three.",
    doc: include_str!("task_scattered.md"),
};
