//! The two buffers that the caller owns: [`RecvBuf`], octets that came, and [`SendBuf`], octets that go. They know
//! where octets lie, not what they mean.

mod recv;
mod send;
mod storage;

pub use recv::{End, RecvBuf, RestoreError};
pub use send::{Chunk, Flow, SendBuf, WaterMarks};
pub use storage::{Feed, Fill, Storage};
