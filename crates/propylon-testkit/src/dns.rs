//! A scripted DNS server on UDP: what each question is answered with is the test's to say, each time anew.

use std::net::{IpAddr, SocketAddr, UdpSocket};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::JoinHandle;
use std::time::Duration;

use hickory_proto::op::{Message, ResponseCode};
use hickory_proto::rr::rdata::{A, AAAA, CNAME};
use hickory_proto::rr::{Name, RData, Record, RecordType};

/// What a name is answered with.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Zone {
    /// These addresses, with a lifetime of zero.
    Addresses(Vec<IpAddr>),
    /// Another name, whose own answer is added.
    Alias(String),
    /// There is no such name.
    Missing,
    /// The server says that it failed.
    Failure,
    /// Nothing at all is said.
    Silence,
}

type Script = dyn Fn(&str) -> Zone + Send + Sync;

/// The server. It ends when it is dropped.
pub struct ScriptedDns {
    address: SocketAddr,
    asked: Arc<Mutex<Vec<String>>>,
    is_over: Arc<AtomicBool>,
    thread: Option<JoinHandle<()>>,
}

impl Zone {
    /// One address.
    pub fn one(address: impl Into<IpAddr>) -> Self {
        Self::Addresses(vec![address.into()])
    }
}

impl ScriptedDns {
    /// Starts a server on loopback whose `script` answers for each name, in lower case without its last dot.
    ///
    /// # Panics
    /// When there is no free port.
    #[expect(clippy::disallowed_methods, reason = "it answers, and asks nobody")]
    pub fn start(script: impl Fn(&str) -> Zone + Send + Sync + 'static) -> Self {
        let socket = UdpSocket::bind(("127.0.0.1", 0)).expect("a free port");
        socket
            .set_read_timeout(Some(Duration::from_millis(50)))
            .expect("a timeout can be set");
        let address = socket.local_addr().expect("a bound socket has an address");
        let (asked, is_over) = (Arc::<Mutex<Vec<String>>>::default(), Arc::default());
        let (seen, over) = (Arc::clone(&asked), Arc::clone(&is_over));
        let script: Box<Script> = Box::new(script);
        let serve = move || {
            let mut buffer = [0; 4096];
            while !AtomicBool::load(&over, Ordering::Relaxed) {
                let Ok((count, from)) = socket.recv_from(&mut buffer) else {
                    continue;
                };
                let reply = answer(&buffer[..count], &*script, &seen);
                if let Some(reply) = reply {
                    let _ = socket.send_to(&reply, from);
                }
            }
        };
        Self {
            address,
            asked,
            is_over,
            thread: Some(std::thread::spawn(serve)),
        }
    }

    /// Where it answers.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// How often a name was asked for, over all kinds of records.
    pub fn count_of(&self, name: &str) -> usize {
        let asked = self.asked.lock().unwrap_or_else(PoisonError::into_inner);
        asked.iter().filter(|known| *known == name).count()
    }
}

impl Drop for ScriptedDns {
    fn drop(&mut self) {
        self.is_over.store(true, Ordering::Relaxed);
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

fn answer(question: &[u8], script: &Script, asked: &Mutex<Vec<String>>) -> Option<Vec<u8>> {
    let question = Message::from_vec(question).ok()?;
    let query = question.queries.first()?.clone();
    let mut reply = Message::response(question.metadata.id, question.metadata.op_code);
    reply.metadata.recursion_available = true;
    reply.metadata.recursion_desired = question.metadata.recursion_desired;
    let kind = query.query_type();
    let mut name = query.name().clone();
    reply.add_query(query);
    // A chain of aliases may lead round in a circle.
    for _ in 0..8 {
        let plain = name.to_ascii().to_ascii_lowercase();
        let plain = plain.trim_end_matches('.').to_owned();
        let zone = script(&plain);
        asked
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .push(plain);
        match zone {
            Zone::Addresses(addresses) => {
                for address in addresses {
                    let data = match (address, kind) {
                        (IpAddr::V4(v4), RecordType::A) => RData::A(A(v4)),
                        (IpAddr::V6(v6), RecordType::AAAA) => RData::AAAA(AAAA(v6)),
                        _ => continue,
                    };
                    reply.add_answer(Record::from_rdata(name.clone(), 0, data));
                }
                break;
            }
            Zone::Alias(to) => {
                let to = Name::from_ascii(format!("{to}.")).ok()?;
                let data = RData::CNAME(CNAME(to.clone()));
                reply.add_answer(Record::from_rdata(name, 0, data));
                name = to;
            }
            Zone::Missing => {
                reply.metadata.response_code = ResponseCode::NXDomain;
                break;
            }
            Zone::Failure => {
                reply.metadata.response_code = ResponseCode::ServFail;
                break;
            }
            Zone::Silence => return None,
        }
    }
    reply.to_vec().ok()
}
