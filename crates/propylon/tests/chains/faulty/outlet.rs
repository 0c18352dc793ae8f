//! The client's side of a body.

use std::io::{self, Write};
use std::net::TcpStream;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{Sender, channel};
use std::thread::JoinHandle;

/// Writes a body chunked or not, at once or by a thread that stores what the client does not take.
pub(super) struct Outlet {
    client: TcpStream,
    chunked: bool,
    store: Option<Sender<Vec<u8>>>,
    writer: Option<JoinHandle<()>>,
    failed: Arc<AtomicBool>,
}

impl Outlet {
    pub(super) fn new(client: &TcpStream, chunked: bool, stores: bool) -> io::Result<Self> {
        let failed = Arc::new(AtomicBool::new(false));
        let (mut store, mut writer) = (None, None);
        if stores {
            let (sender, receiver) = channel::<Vec<u8>>();
            let (mut client, failed) = (client.try_clone()?, Arc::clone(&failed));
            store = Some(sender);
            writer = Some(std::thread::spawn(move || {
                for bytes in receiver {
                    if client.write_all(&bytes).is_err() {
                        failed.store(true, Ordering::Relaxed);
                        break;
                    }
                }
            }));
        }
        Ok(Self {
            client: client.try_clone()?,
            chunked,
            store,
            writer,
            failed,
        })
    }

    pub(super) fn write(&mut self, data: &[u8]) -> io::Result<()> {
        if data.is_empty() {
            return Ok(());
        }
        let mut bytes = Vec::with_capacity(data.len() + 16);
        if self.chunked {
            bytes.extend_from_slice(format!("{:x}\r\n", data.len()).as_bytes());
        }
        bytes.extend_from_slice(data);
        if self.chunked {
            bytes.extend_from_slice(b"\r\n");
        }
        self.pass(bytes)
    }

    pub(super) fn finish(&mut self) -> io::Result<()> {
        if self.chunked {
            self.pass(b"0\r\n\r\n".to_vec())?;
        }
        self.store = None;
        if let Some(writer) = self.writer.take() {
            let _ = writer.join();
        }
        Ok(())
    }

    fn pass(&mut self, bytes: Vec<u8>) -> io::Result<()> {
        match &self.store {
            Some(_) if self.failed.load(Ordering::Relaxed) => Err(io::ErrorKind::BrokenPipe.into()),
            Some(store) => store
                .send(bytes)
                .map_err(|_| io::ErrorKind::BrokenPipe.into()),
            None => self.client.write_all(&bytes),
        }
    }
}
