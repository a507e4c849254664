//! [`Watch`]: a socket that is watched for a reset while nobody reads it.

#[cfg(any(target_os = "linux", target_os = "android"))]
pub(crate) use linux::Watch;
#[cfg(not(any(target_os = "linux", target_os = "android")))]
pub(crate) use other::Watch;

#[cfg(any(target_os = "linux", target_os = "android"))]
mod linux {
    use async_io::Async;
    use rustix::event::epoll;
    use rustix::time::Timespec;
    use socket2::Socket;
    use std::os::fd::OwnedFd;
    use std::task::{Context, Poll, ready};

    const AT_ONCE: Timespec = Timespec { tv_sec: 0, tv_nsec: 0 };

    /// An epoll of its own, which can be read when the socket has an error: async-io itself tells of errors only to who
    /// waits for octets or for room, of which there may be some.
    pub(crate) struct Watch(Async<OwnedFd>);

    impl Watch {
        /// `None`: nothing can be watched any more. Then a reset shows when somebody reads or writes.
        pub(crate) fn new(socket: &Socket) -> Option<Self> {
            let epoll = epoll::create(epoll::CreateFlags::CLOEXEC).ok()?;
            // Errors are told unasked.
            epoll::add(&epoll, socket, epoll::EventData::new_u64(0), epoll::EventFlags::ET).ok()?;
            Async::new_nonblocking(epoll).ok().map(Watch)
        }

        /// Ready when the peer is gone.
        pub(crate) fn poll(&self, cx: &mut Context<'_>) -> Poll<()> {
            while ready!(self.0.poll_readable(cx)).is_ok() {
                let mut events = Vec::with_capacity(1);
                let count = epoll::wait(&self.0, rustix::buffer::spare_capacity(&mut events), Some(&AT_ONCE));
                let mut flags = events.iter().map(|event: &epoll::Event| event.flags);
                // Not if both ends have said that they are done, which is told unasked, too.
                if count.is_ok() && flags.any(|flags| flags.contains(epoll::EventFlags::ERR)) {
                    return Poll::Ready(());
                }
            }
            Poll::Pending
        }
    }
}

#[cfg(not(any(target_os = "linux", target_os = "android")))]
mod other {
    use socket2::Socket;
    use std::task::{Context, Poll};

    /// Nothing: here a reset shows when somebody reads or writes.
    pub(crate) enum Watch {}

    impl Watch {
        pub(crate) fn new(_: &Socket) -> Option<Self> {
            None
        }

        pub(crate) fn poll(&self, _: &mut Context<'_>) -> Poll<()> {
            match *self {}
        }
    }
}
