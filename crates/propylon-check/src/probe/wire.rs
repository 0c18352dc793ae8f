//! The response side of one exchange, whatever HTTP version carries it; another transport is one more implementation.

use std::future::Future;

/// How a connection ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Ending {
    Fin,
    Rst,
}

impl Ending {
    pub(crate) fn as_str(self) -> &'static str {
        match self {
            Self::Fin => "fin",
            Self::Rst => "rst",
        }
    }
}

/// The client has closed, and how.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Gone(pub(crate) Ending);

/// How the body that follows a response head is delimited.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Extent {
    /// No body and no framing header, as 204 and 304 have it.
    Bodiless,
    /// This many bytes.
    Length(usize),
    /// As it comes.
    Stream,
}

/// A response head.
#[derive(Clone, Debug)]
pub(crate) struct ResponseHead {
    pub(crate) status: u16,
    pub(crate) headers: Vec<(String, String)>,
    pub(crate) extent: Extent,
}

/// Where an answer is written. After `Gone`, `cut` or a failed promise of length the connection is not used again.
pub(crate) trait Wire: Send {
    fn head(&mut self, head: ResponseHead) -> impl Future<Output = Result<(), Gone>> + Send;

    /// A piece of the body, on the socket when this returns.
    fn body(&mut self, bytes: &[u8]) -> impl Future<Output = Result<(), Gone>> + Send;

    /// The end of the body.
    fn finish(&mut self) -> impl Future<Output = Result<(), Gone>> + Send;

    /// Returns when the client closes, and never otherwise.
    fn closed(&mut self) -> impl Future<Output = Gone> + Send;

    /// Ends the connection at once, whatever was promised.
    fn cut(&mut self, how: Ending) -> impl Future<Output = ()> + Send;

    /// Bytes of this exchange that the socket has taken.
    fn sent_bytes(&self) -> u64;
}

/// No client at all: what a 2024-11-05 call has once its POST is answered.
pub(crate) struct Nobody;

impl Wire for Nobody {
    async fn head(&mut self, _: ResponseHead) -> Result<(), Gone> {
        Ok(())
    }

    async fn body(&mut self, _: &[u8]) -> Result<(), Gone> {
        Ok(())
    }

    async fn finish(&mut self) -> Result<(), Gone> {
        Ok(())
    }

    async fn closed(&mut self) -> Gone {
        std::future::pending().await
    }

    async fn cut(&mut self, _: Ending) {}

    fn sent_bytes(&self) -> u64 {
        0
    }
}
