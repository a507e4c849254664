//! The life of a connection, one test a row of the feature table, written out octet by octet.

#[path = "lifecycle/closing.rs"]
mod closing;
#[path = "lifecycle/ending.rs"]
mod ending;
#[path = "lifecycle/exchange.rs"]
mod exchange;
#[path = "lifecycle/framing.rs"]
mod framing;
#[path = "lifecycle/pipeline.rs"]
mod pipeline;
#[path = "lifecycle/retry.rs"]
mod retry;
#[path = "lifecycle/sending.rs"]
mod sending;
#[path = "lifecycle/upgrade.rs"]
mod upgrade;
