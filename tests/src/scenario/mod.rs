//! What every runtime crate must do on real sockets, written once. A runtime is a [`Rig`], and takes part with
//! [`crate::scenarios`], which makes a test of every scenario. The clients are blocking sockets on the thread of the
//! test: nothing here knows a runtime.
//!
//! Every wait has a deadline, and no test asserts how long something took. A few ask Linux about the process.

#[cfg(feature = "tls")]
pub mod by_hand;
mod client;
mod kinds;
mod permits;
mod routes;
mod running;
#[cfg(feature = "tls")]
mod secure;

pub mod alone;
pub mod cases;
pub mod curl;
pub mod deadlines;
pub mod dialing;
#[cfg(feature = "tls")]
pub mod distrust;
pub mod exchange;
pub mod flight;
pub mod gone;
#[cfg(feature = "tls")]
pub mod handshakes;
pub mod hooks;
pub mod hostile;
pub mod lifecycle;
pub mod loads;
#[cfg(feature = "tls")]
pub mod makes;
pub mod requests;
pub mod scripted;
pub mod sockets;
pub mod troubles;
pub mod tunnel;
pub mod upgrades;
pub mod whole;
pub mod wire;
pub mod wired;

pub use client::{Answer, Client};
pub use kinds::{Build, Handle, Handler};
pub use loads::peak;
pub use permits::Permits;
pub use routes::{Probe, exchange_of};
pub use running::{App, Running, app, block_on, serve, start, start_routes, start_routes_with, text, within};
#[cfg(feature = "tls")]
pub use secure::Secure;

use http_driver::{ConnInfo, ConnectError, Connection, Dial, FromStd, ListenOptions, Listener, MaybeTls, Runtime};
use socket2::SockRef;
use std::io;
use std::net::{SocketAddr, TcpListener};
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

/// How a listener is opened, as the crate of every runtime has it.
#[derive(Debug, Clone, Copy, Default)]
pub struct Sockets {
    pub backlog: Option<u32>,
    pub reuse_port: bool,
    pub nodelay: Option<bool>,
    pub receive_buffer: Option<usize>,
    pub send_buffer: Option<usize>,
}

impl Sockets {
    /// Opens such a listener.
    ///
    /// # Errors
    /// The system's.
    pub fn bind<L: FromStd>(self, address: SocketAddr) -> io::Result<L> {
        let mut options = ListenOptions::new().reuse_port(self.reuse_port);
        if let Some(backlog) = self.backlog {
            options = options.backlog(backlog);
        }
        if let Some(nodelay) = self.nodelay {
            options = options.nodelay(nodelay);
        }
        if let Some(octets) = self.receive_buffer {
            options = options.receive_buffer(octets);
        }
        if let Some(octets) = self.send_buffer {
            options = options.send_buffer(octets);
        }
        options.bind(address)
    }
}

/// A client's connection on level 1.
pub type Wired<D> = Connection<http_proto::Client, MaybeTls<<D as Dial>::Io>, <D as Runtime>::Timer>;

/// A runtime with its crate, or a crate that does without. All methods but `run` are called inside of `run`.
pub trait Rig: Copy + Send + Sync + 'static {
    /// Its tasks, clocks and sockets.
    type Runtime: Dial + Clone;
    /// Its TCP listener.
    type Tcp: Listener;
    /// Its server on TCP sockets.
    type Server<S: Handler>: Build<S>;
    /// Its server on Unix sockets.
    type UnixServer<S: Handler>: Build<S>;

    /// Runs `main` on a runtime of its own, on this thread. With `main`, everything ends.
    fn run(self, main: impl Future<Output = ()> + Send + 'static);

    /// Whether servers that are started speak TLS, and their clients with them.
    fn is_secure(self) -> bool {
        false
    }

    /// Its tasks, clocks and sockets.
    fn runtime(self) -> Self::Runtime;

    /// The crate's `serve`.
    fn serve<S: Handler>(self, listener: TcpListener, service: S) -> Self::Server<S>;

    /// The crate's `serve_with`.
    fn serve_with<S: Handler>(
        self,
        listener: TcpListener,
        factory: impl Fn(&ConnInfo) -> S + Send + Sync + 'static,
    ) -> Self::Server<S>;

    /// The crate's `serve` on a Unix socket.
    fn serve_unix<S: Handler>(self, listener: std::os::unix::net::UnixListener, service: S) -> Self::UnixServer<S>;

    /// The crate's `serve_stream` on a pipe in memory that holds `room` octets: `input` goes in, then its end; what comes
    /// out is returned.
    fn serve_in_memory<S: Handler>(
        self,
        service: S,
        input: Vec<u8>,
        room: usize,
    ) -> impl Future<Output = Vec<u8>> + Send + 'static;

    /// The crate's `connect`.
    fn connect(self, uri: String) -> impl Future<Output = Result<Wired<Self::Runtime>, ConnectError>> + Send + 'static;

    /// The crate's `ListenOptions`.
    ///
    /// # Errors
    /// The system's.
    fn listen(self, address: SocketAddr, sockets: Sockets) -> io::Result<Self::Tcp>;

    /// The socket of a connection that was accepted.
    fn socket(io: &<Self::Tcp as Listener>::Io) -> SockRef<'_>;

    /// Why a scenario is not for this rig, if it is not.
    fn excuse(self, module: &str, name: &str) -> Option<&'static str> {
        let _ = (module, name);
        None
    }
}

/// Plays a scenario as the test `name` of `module`.
pub fn play<R: Rig>(module: &str, name: &str, rig: R, scenario: fn(R)) {
    alone::set_name(module, name);
    let (_, module_of_scenario) = module.rsplit_once("::").unwrap_or(("", module));
    match rig.excuse(module_of_scenario, name) {
        Some(reason) => println!("not played: {reason}"),
        None => scenario(rig),
    }
}

/// A test for every scenario, on a rig; with `secure` for those that make sense over TLS, on a [`Secure`] one.
#[macro_export]
macro_rules! scenarios {
    ($rig:expr) => {
        $crate::scenarios! { all plain $rig }
    };
    (secure $rig:expr) => {
        $crate::scenarios! { all secure $crate::scenario::Secure($rig) }
        $crate::scenarios! { in distrust on secure $crate::scenario::Secure($rig) =>
            an_answer_cut_off_at_any_record_is_an_error,
            what_is_no_handshake_is_an_error,
            who_cannot_be_trusted_is_told_apart,
            a_server_that_stops_anywhere_in_the_handshake_has_so_long,
        }
        $crate::scenarios! { in handshakes on secure $crate::scenario::Secure($rig) =>
            a_client_that_stops_anywhere_in_the_handshake_has_so_long,
            handshakes_hold_up_nobody,
            handshakes_count_against_the_limit,
            what_is_no_tls_is_told_so,
            a_request_cut_off_at_any_record_is_never_whole,
            ends_in_order_are_announced,
            what_was_decrypted_is_served_before_more_is_awaited,
            keys_may_change_on_the_way,
            the_service_is_made_when_all_is_agreed_upon,
            certificates_are_replaced_while_it_runs,
            certificates_of_clients_are_seen,
        }
        $crate::scenarios! { in makes on secure $crate::scenario::Secure($rig) =>
            openssl_is_served,
            node_is_served,
            node_serves,
            a_client_asks_to_negotiate_again,
            a_server_asks_to_negotiate_again,
        }
    };
    (all $kind:ident $rig:expr) => {
        $crate::scenarios! { in cases on $kind $rig =>
            requests_in_one_piece,
            requests_octet_by_octet,
            requests_in_two_pieces,
        }
        $crate::scenarios! { in curl on $kind $rig =>
            get,
            head_has_the_length_and_no_content,
            echo_with_content_length,
            echo_chunked,
            echo_after_100_continue,
            connections_are_used_again,
            http10,
            frames_and_trailers,
        }
        $crate::scenarios! { in deadlines on $kind $rig =>
            a_slowloris_is_cut_off_and_disturbs_nobody,
            a_slow_upload_that_goes_on_is_taken,
            a_streaming_answer_may_be_silent,
            a_handler_may_take_longer_than_clients_may,
        }
        $crate::scenarios! { in dialing on $kind $rig =>
            ; in the clear
            an_address_that_refuses_gives_way,
            an_address_that_does_not_answer_gives_way,
            opening_a_connection_has_deadlines,
            the_system_resolves_names,
            a_local_address_is_seen_by_the_server,
            a_unix_socket_is_dialed,
            a_uri_leads_to_a_connection,
            a_uri_may_lead_nowhere,
            a_request_that_is_given_up_is_reset,
        }
        $crate::scenarios! { in exchange on $kind $rig =>
            the_handler_starts_at_the_complete_head,
            interim_responses_go_out_before_the_answer,
            a_handler_may_ask_for_the_content_before_it_reads_it,
            a_handler_that_fails_behind_100_still_answers,
            trailers_go_both_ways_without_forbidden_fields,
            the_head_is_kept_as_received,
            the_connection_is_known_in_the_handler,
            a_reason_phrase_of_its_own,
            an_answer_whose_sender_is_gone_never_hangs,
            get_and_head_of_the_same_resource,
        }
        $crate::scenarios! { in flight on $kind $rig =>
            answers_go_out_in_order_though_handlers_finish_out_of_it,
            so_many_handlers_run_and_no_more,
            waiting_handlers_hold_up_nobody,
            requests_in_flight_are_answered_before_a_refusal,
            a_reset_aborts_all_that_is_in_flight,
            a_handler_that_takes_too_long_is_answered_for,
            a_service_is_called_when_it_is_ready,
            a_service_that_is_never_ready_holds_up_no_end,
            panics_are_answered_or_cut_the_answer_off,
        }
        $crate::scenarios! { in gone on $kind $rig =>
            a_half_close_is_seen_and_cancels_nothing,
            a_task_learns_that_the_client_is_gone,
            a_handler_may_finish_without_its_client,
            the_grace_of_such_a_handler_ends,
            what_comes_too_late_does_nothing,
            a_handler_may_reset_the_connection,
            an_upload_that_breaks_off_is_an_error,
            every_end_is_told_once,
            an_abrupt_end_of_an_idle_connection_is_no_error,
            an_echo_that_breaks_off_is_cut_off,
        }
        $crate::scenarios! { in hooks on $kind $rig =>
            every_exchange_is_logged,
            the_logger_is_replaced,
            an_exchange_passes_its_stations_in_order,
            finished_means_that_the_kernel_has_the_last_octet,
            hooks_are_called_in_order,
        }
        $crate::scenarios! { in hostile on $kind $rig =>
            ; in the clear
            whatever_is_wrong_is_told,
            a_reset_anywhere_is_an_error,
            a_close_before_the_answer,
            what_nobody_asked_for_costs_the_connection,
            folded_lines_are_unfolded,
            floods_are_read_as_far_as_their_bound,
            a_slow_drip_has_its_deadlines,
            an_endless_answer_ends_with_its_reader,
            a_server_that_only_accepts,
        }
        $crate::scenarios! { in lifecycle on $kind $rig =>
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
            ; in the clear
            the_accept_loop_survives_want_of_descriptors,
        }
        $crate::scenarios! { in loads on $kind $rig =>
            a_gibibyte_goes_up_in_little_memory,
            a_gibibyte_that_nobody_reads_is_not_taken_in,
            chunks_of_one_octet_are_taken,
            requests_whose_answers_nobody_reads_stop,
            a_slow_reader_holds_the_memory_at_the_mark,
            ; in the clear
            a_pipeline_behind_a_waiting_handler_is_not_read,
            an_echo_is_held_back_by_its_reader,
        }
        $crate::scenarios! { in requests on $kind $rig =>
            a_hundred_requests_take_one_connection,
            many_at_once_share_few_connections,
            pipelined_requests_get_their_answers,
            a_gibibyte_comes_down_in_little_memory,
            a_gibibyte_is_sent_in_little_memory,
            an_echo_goes_both_ways_at_once,
            whole_content_awaits_no_end,
            trailers_go_both_ways,
            content_waits_to_be_asked_for,
            another_protocol_takes_the_connection_over,
            ; in the clear
            a_server_that_closes_idle_connections_loses_no_request,
            a_unix_socket_carries_requests,
        }
        $crate::scenarios! { in scripted on $kind $rig =>
            answers_in_one_piece,
            answers_octet_by_octet,
            answers_in_two_pieces,
        }
        $crate::scenarios! { in sockets on $kind $rig =>
            ; in the clear
            socket_options_are_set,
            backlog_and_port_are_as_asked,
            a_unix_socket_serves,
            any_stream_serves,
            descriptors_come_back,
        }
        $crate::scenarios! { in troubles on $kind $rig =>
            an_answer_that_is_cut_off_is_an_error,
            a_request_that_is_dropped_cancels_its_handler,
            a_server_that_shuts_down_answers_what_it_has_begun,
            waiting_has_a_deadline,
            ; in the clear
            a_first_address_that_fails_is_passed_over,
            every_phase_has_its_deadline,
        }
        $crate::scenarios! { in upgrades on $kind $rig =>
            nothing_behind_a_handshake_is_lost,
            no_deadline_of_http_runs_behind_it,
            a_tunnel_carries_octets,
            a_declined_offer_is_told,
            an_offer_with_content_waits_for_its_end,
            an_upgraded_connection_is_not_counted,
        }
        $crate::scenarios! { in whole on $kind $rig =>
            every_connection_may_have_a_service_of_its_own,
            connections_are_listed_with_their_states,
            the_service_is_replaced_under_load,
            a_request_in_flight_stays_with_its_service,
            dispose_cuts_off_at_once,
            a_shutdown_can_be_made_shorter,
            who_gets_503_takes_no_place,
            a_listener_tells_what_becomes_of_it,
            errors_have_their_status,
            error_answers_can_be_replaced,
            an_empty_server_ends_at_once,
            hooks_see_every_connection_come_and_go,
            a_shutdown_awaits_a_head_that_has_begun,
            ; in the clear
            a_connection_too_many_waits,
            a_connection_too_many_is_closed,
            the_port_of_the_system_is_told,
            a_connection_too_many_gets_503,
        }
        $crate::scenarios! { in wire on $kind $rig =>
            a_long_pipeline_is_answered,
            a_byte_at_a_time,
            the_peer_is_known,
            a_pipeline_is_answered_in_order,
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
            a_body_over_the_limit_is_413,
            a_body_that_breaks_off_or_breaks_the_rules_is_an_error,
            a_body_may_be_read_in_another_task,
            a_reader_that_outlives_the_exchange_is_told,
            a_pipeline_behind_which_the_client_half_closes_is_answered,
            an_echo_has_the_trailers_too,
            ; in the clear
            an_upload_waits_for_its_reader,
        }
    };
    (in $module:ident on plain $rig:expr => $($name:ident,)* $(; in the clear $($clear:ident,)*)?) => {
        $crate::scenarios! { these $module $rig => $($name,)* $($($clear,)*)? }
    };
    (in $module:ident on secure $rig:expr => ; in the clear $($clear:ident,)*) => {};
    (in $module:ident on secure $rig:expr => $($name:ident,)* $(; in the clear $($clear:ident,)*)?) => {
        $crate::scenarios! { these $module $rig => $($name,)* }
    };
    (these $module:ident $rig:expr => $($name:ident,)*) => {
        mod $module {
            #[allow(unused_imports)]
            use super::*;
            $(
                #[test]
                fn $name() {
                    $crate::scenario::play(module_path!(), stringify!($name), $rig, $crate::scenario::$module::$name);
                }
            )*
        }
    };
}
