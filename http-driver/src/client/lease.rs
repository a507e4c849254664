//! [`Lease`]: a connection in use, which finds its way back into the pool, or out of it.

use super::connect::Connect;
use super::flight::{Flight, Line};
use super::places::Places;
use crate::exchange::BoxTransport;
use crate::upgraded::Upgraded;
use bytes::Bytes;
use std::sync::Arc;

/// A connection that carries an exchange. Dropped before the exchange is over, it resets the connection.
pub(super) struct Lease<C: Connect> {
    flight: Option<Box<Flight<C>>>,
    places: Arc<Places<C>>,
}

impl<C: Connect> Lease<C> {
    pub(super) fn new(flight: Box<Flight<C>>, places: Arc<Places<C>>) -> Self {
        Lease { flight: Some(flight), places }
    }

    /// The connection, until it is given away.
    pub(super) fn flight(&mut self) -> Option<&mut Flight<C>> {
        self.flight.as_deref_mut()
    }

    /// The exchange is over: the connection goes back, if it can carry another one.
    pub(super) fn give_back(mut self) {
        if let Some(mut flight) = self.flight.take_if(|flight| flight.is_reusable()) {
            flight.rest();
            self.places.check_in(flight);
        }
    }

    /// The connection for other uses; its place goes with it.
    pub(super) fn into_line(mut self) -> Option<Line<C>> {
        self.flight.take().map(|flight| flight.into_line())
    }

    /// The connection carries another protocol, and is none of the pool's any more.
    pub(super) fn into_upgraded(mut self, tail: Bytes) -> Option<Upgraded<BoxTransport>> {
        let flight = self.flight.take()?;
        self.places.release(&flight.target);
        Some(flight.into_upgraded(tail))
    }
}

impl<C: Connect> Drop for Lease<C> {
    fn drop(&mut self) {
        if let Some(mut flight) = self.flight.take() {
            flight.cut_off();
            self.places.release(&flight.target);
        }
    }
}
