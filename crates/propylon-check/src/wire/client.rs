//! One client with many exchanges open at once: over HTTP/1.1 each has a connection, over HTTP/2 all share one.

use std::rc::Rc;

use super::carrier::Carrier;
use super::connection::{Connection, HttpVersion};
use super::dialer::Dialer;
use super::endpoint::Endpoint;
use super::http2::Http2;
use super::trouble::Trouble;

/// One client.
pub(crate) struct Client {
    dialer: Rc<Dialer>,
    endpoint: Endpoint,
    /// The one connection of HTTP/2.
    carrier: Option<Rc<Carrier>>,
}

impl Client {
    pub(crate) async fn open(
        dialer: &Rc<Dialer>,
        endpoint: &Endpoint,
        http: HttpVersion,
    ) -> Result<Self, Trouble> {
        let carrier = match http {
            HttpVersion::One => None,
            HttpVersion::Two => Some(dialer.carrier(endpoint).await?),
        };
        Ok(Self {
            dialer: Rc::clone(dialer),
            endpoint: endpoint.clone(),
            carrier,
        })
    }

    /// Room for one more exchange. Over HTTP/2 a request beyond the server's limit waits for another to end.
    pub(crate) async fn connect(&self) -> Result<Connection, Trouble> {
        match &self.carrier {
            None => self.dialer.connect(&self.endpoint, HttpVersion::One).await,
            Some(carrier) => Ok(Connection::Two(Box::new(Http2::new(Rc::clone(carrier))))),
        }
    }

    /// How many exchanges the server allows on the one connection; `None` where each has its own.
    pub(crate) fn streams_max(&self) -> Option<usize> {
        self.carrier.as_ref().map(|carrier| carrier.streams_max())
    }
}
