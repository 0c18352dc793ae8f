//! The access log: workers fill buffers, one thread writes them, and nobody waits for the disk.

use std::fs::{File, OpenOptions};
use std::io::{self, Write};
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::mpsc::{Receiver, SyncSender, TrySendError, sync_channel};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use propylon_config::AccessLog;

/// Where workers send their lines.
#[derive(Debug, Clone)]
pub(crate) struct LogSender {
    messages: SyncSender<Message>,
    /// Lines that could not be written.
    unwritten: Arc<AtomicU64>,
}

/// The writing thread.
#[derive(Debug)]
pub(crate) struct LogWriter {
    sender: LogSender,
    thread: JoinHandle<()>,
}

/// A log file that cannot be opened.
#[derive(Debug, thiserror::Error)]
#[error("cannot open the access log {}: {cause}", path.display())]
pub struct LogError {
    path: PathBuf,
    #[source]
    cause: io::Error,
}

enum Message {
    Lines(Vec<u8>),
    /// A new place, or the same file again after it was rotated.
    Target(Target),
    End,
}

#[derive(Debug)]
enum Target {
    Stdout,
    File(File),
    Off,
}

/// Buffers on their way to the writer; past that, lines are dropped and counted.
const BUFFERS_MAX: usize = 256;
/// How long a writer that is behind is waited for, and how often it is looked at.
const PATIENCE: Duration = Duration::from_secs(2);
const PAUSE: Duration = Duration::from_millis(2);

impl LogWriter {
    /// Opens the log and starts its thread.
    pub(crate) fn start(log: &AccessLog) -> Result<Self, LogError> {
        let target = Target::open(log)?;
        let (messages, receiver) = sync_channel(BUFFERS_MAX);
        let unwritten = Arc::default();
        let lost = Arc::clone(&unwritten);
        let thread = std::thread::spawn(move || write_all(&receiver, target, &lost));
        let sender = LogSender {
            messages,
            unwritten,
        };
        Ok(Self { sender, thread })
    }

    pub(crate) fn sender(&self) -> LogSender {
        self.sender.clone()
    }

    /// Writes to another place from now on, or to the same path opened anew.
    pub(crate) fn reopen(&self, log: &AccessLog) -> Result<(), LogError> {
        let target = Target::open(log)?;
        if self.tell(Message::Target(target)) {
            return Ok(());
        }
        let path = match log {
            AccessLog::File(path) => path.clone(),
            AccessLog::Stdout | AccessLog::Off => PathBuf::new(),
        };
        let cause = io::Error::other("whoever reads the log as it is now has stopped");
        Err(LogError { path, cause })
    }

    /// Writes what is left and ends. A reader that has stopped cannot keep the program from ending.
    pub(crate) fn end(self) {
        self.tell(Message::End);
        let due = Instant::now() + PATIENCE;
        while !self.thread.is_finished() && Instant::now() < due {
            // invariant: the workers have ended, and only the main thread waits here
            std::thread::sleep(PAUSE);
        }
    }

    /// Tells the thread something; false where it is stuck in a write.
    fn tell(&self, mut message: Message) -> bool {
        let due = Instant::now() + PATIENCE;
        while Instant::now() < due {
            match self.sender.messages.try_send(message) {
                Ok(()) => return true,
                Err(TrySendError::Full(back) | TrySendError::Disconnected(back)) => message = back,
            }
            // invariant: only the main thread tells the log anything; workers use the sender
            std::thread::sleep(PAUSE);
        }
        false
    }
}

impl LogSender {
    /// Hands lines over. False where the writer is too far behind: they are lost.
    pub(crate) fn send(&self, lines: Vec<u8>) -> bool {
        !matches!(
            self.messages.try_send(Message::Lines(lines)),
            Err(TrySendError::Full(_))
        )
    }

    /// How many lines the disk, or whatever is behind the log, has refused.
    pub(crate) fn unwritten(&self) -> u64 {
        self.unwritten.load(Ordering::Relaxed)
    }
}

impl Target {
    fn open(log: &AccessLog) -> Result<Self, LogError> {
        match log {
            AccessLog::Stdout => Ok(Self::Stdout),
            AccessLog::Off => Ok(Self::Off),
            AccessLog::File(path) => OpenOptions::new()
                .create(true)
                .append(true)
                .open(path)
                .map(Self::File)
                .map_err(|cause| LogError {
                    path: path.clone(),
                    cause,
                }),
        }
    }

    fn write(&mut self, lines: &[u8]) -> io::Result<()> {
        match self {
            Self::Stdout => io::stdout().lock().write_all(lines),
            Self::File(file) => file.write_all(lines),
            Self::Off => Ok(()),
        }
    }
}

fn write_all(receiver: &Receiver<Message>, mut target: Target, unwritten: &AtomicU64) {
    let mut failing = false;
    for message in receiver {
        match message {
            Message::Target(new) => target = new,
            Message::End => return,
            Message::Lines(lines) => match target.write(&lines) {
                Ok(()) => failing = false,
                Err(error) => {
                    if !failing {
                        tracing::error!(%error, "the access log cannot be written; its lines are lost");
                    }
                    failing = true;
                    let lost = memchr::memchr_iter(b'\n', &lines).count() as u64;
                    unwritten.fetch_add(lost, Ordering::Relaxed);
                }
            },
        }
    }
}
