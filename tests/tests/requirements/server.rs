//! What a server on a runtime adds: checked by the scenarios that every runtime plays.

use crate::rig::Tokio;
use crate::tunnel;
use tests::scenario::{exchange, gone, wire};

checks![
    a_slow_reader_holds_a_pipeline_back,
    an_abrupt_end_of_an_idle_connection_is_no_error,
    get_and_head_are_served,
    a_tunnel_delivers_both_ways_to_the_ends,
    behind_100_there_is_a_final_status,
];

#[test]
fn a_slow_reader_holds_a_pipeline_back() {
    covers!("R9112-9.5-02");
    wire::a_pipeline_that_is_read_slowly_is_held_back(Tokio::CurrentThread);
    wire::an_endless_answer_waits_for_its_client_and_ends_with_it(Tokio::CurrentThread);
}

#[test]
fn an_abrupt_end_of_an_idle_connection_is_no_error() {
    covers!("R9112-9.8-04");
    gone::an_abrupt_end_of_an_idle_connection_is_no_error(Tokio::CurrentThread);
}

#[test]
fn get_and_head_are_served() {
    covers!("R9110-9.1-01");
    exchange::get_and_head_of_the_same_resource(Tokio::CurrentThread);
}

#[test]
fn a_tunnel_delivers_both_ways_to_the_ends() {
    covers!("R9110-9.3.6-05");
    tunnel::both_ways_to_the_ends(Tokio::MultiThread);
}

#[test]
fn behind_100_there_is_a_final_status() {
    covers!("R9110-10.1.1-08");
    exchange::a_handler_that_fails_behind_100_still_answers(Tokio::CurrentThread);
}
