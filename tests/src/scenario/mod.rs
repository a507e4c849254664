//! What every runtime crate must do on real sockets, written once. A runtime is a [`Rig`], and takes part with
//! [`crate::scenarios`], which makes a test of every scenario. The clients are blocking sockets on the thread of the
//! test: nothing here knows a runtime.
//!
//! Every wait has a deadline, and no test asserts how long something took.

mod alone;
mod client;
mod permits;
mod routes;
mod running;

pub mod curl;
pub mod lifecycle;
pub mod wire;

pub use client::{Answer, Client};
pub use permits::Permits;
pub use routes::Probe;
pub use running::{App, Running, app, block_on, serve, start, start_routes, within};

use http_driver::{HttpService, Listener, Runtime, Server};
use std::net::TcpListener;
use std::time::Duration;

/// Far more than anything here takes: a test that hangs fails.
pub const DEADLINE: Duration = Duration::from_secs(30);

/// For what is to happen soon, and for what is not to happen.
pub const SHORT: Duration = Duration::from_millis(50);

/// A request that the routes answer with "Hello, World!".
pub const GET: &str = "GET / HTTP/1.1\r\nHost: h\r\n\r\n";

/// A request without content.
pub fn get(target: &str) -> String {
    format!("GET {target} HTTP/1.1\r\nHost: h\r\n\r\n")
}

/// The head of a request with content.
pub fn post(target: &str, length: usize) -> String {
    format!("POST {target} HTTP/1.1\r\nHost: h\r\nContent-Length: {length}\r\n\r\n")
}

/// A runtime with its crate. All methods but `run` are called inside of `run`.
pub trait Rig: Copy + Send + Sync + 'static {
    /// Its tasks and clocks.
    type Runtime: Runtime + Clone;
    /// Its TCP listener.
    type Tcp: Listener;

    /// Runs `main` on a runtime of its own, on this thread. With `main`, everything ends.
    fn run(self, main: impl Future<Output = ()> + Send + 'static);

    /// Its tasks and clocks.
    fn runtime(self) -> Self::Runtime;

    /// The crate's `serve`.
    fn serve<S>(self, listener: TcpListener, service: S) -> Server<Self::Runtime, Self::Tcp, S>
    where
        S: HttpService + Clone + Send + 'static,
        S::Answer: Send,
        S::Content: Send;
}

/// Plays a scenario as the test `name` of `module`.
pub fn play<R: Rig>(module: &str, name: &str, rig: R, scenario: fn(R)) {
    alone::set_name(module, name);
    scenario(rig);
}

/// A test for every scenario, on a rig.
#[macro_export]
macro_rules! scenarios {
    ($rig:expr) => {
        $crate::scenarios! { in curl on $rig =>
            get,
            head_has_the_length_and_no_content,
            echo_with_content_length,
            echo_chunked,
            echo_after_100_continue,
            connections_are_used_again,
            http10,
            frames_and_trailers,
        }
        $crate::scenarios! { in lifecycle on $rig =>
            a_slow_head_is_refused,
            a_body_without_progress_is_refused,
            an_idle_connection_is_closed_without_a_word,
            closing_closes_the_sending_side_first,
            a_client_that_does_not_read_is_reset,
            a_handler_that_fails_is_answered_for,
            an_answer_that_fails_is_cut_off,
            a_reset_cancels_the_handler,
            a_reset_behind_unread_content_cancels_the_handler,
            a_half_close_cancels_the_handler_by_choice,
            a_shutdown_finishes_what_has_begun,
            a_shutdown_ends_with_a_stuck_handler,
            a_signal_shuts_down,
            the_accept_loop_survives_want_of_descriptors,
        }
        $crate::scenarios! { in wire on $rig =>
            a_byte_at_a_time,
            the_peer_is_known,
            a_pipeline_is_answered_in_order,
            a_long_pipeline_is_answered,
            handlers_run_one_at_a_time,
            a_pipeline_that_is_read_slowly_is_held_back,
            a_half_closed_client_gets_its_answer,
            an_endless_answer_waits_for_its_client_and_ends_with_it,
            other_protocols_are_declined,
            an_answer_may_close_and_have_its_own_date,
            a_refusal_can_be_read_while_input_goes_on,
            requests_before_a_bad_one_are_answered,
            an_unknown_expectation_is_declined_without_the_handler,
            an_early_answer_spares_a_held_back_upload,
            an_echo_of_broken_content_is_refused,
            a_short_unread_body_is_swallowed,
            a_long_unread_body_closes_the_connection,
            an_upload_waits_for_its_reader,
            a_body_over_the_limit_is_413,
            a_body_that_breaks_off_or_breaks_the_rules_is_an_error,
            a_body_may_be_read_in_another_task,
            a_reader_that_outlives_the_exchange_is_told,
        }
    };
    (in $module:ident on $rig:expr => $($name:ident),+ $(,)?) => {
        mod $module {
            #[allow(unused_imports)]
            use super::*;
            $(
                #[test]
                fn $name() {
                    $crate::scenario::play(module_path!(), stringify!($name), $rig, $crate::scenario::$module::$name);
                }
            )+
        }
    };
}
