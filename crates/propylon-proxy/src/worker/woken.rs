//! A task that hears of its worker's changes of stage.

use std::future::poll_fn;
use std::rc::Rc;
use std::task::Poll;

use super::Worker;

/// While this lives the task that made it is woken when the worker's stage changes.
pub(crate) struct Woken {
    worker: Rc<Worker>,
    key: usize,
}

impl Woken {
    /// For the task that waits for this.
    pub(crate) async fn register(worker: &Rc<Worker>) -> Self {
        let key =
            poll_fn(|cx| Poll::Ready(worker.tasks.borrow_mut().insert(cx.waker().clone()))).await;
        Self {
            worker: Rc::clone(worker),
            key,
        }
    }
}

impl Drop for Woken {
    fn drop(&mut self) {
        self.worker.tasks.borrow_mut().try_remove(self.key);
    }
}
