#include "simulation/counts.hpp"

namespace groomer::simulation {

std::string_view name(Event event) {
    switch (event) {
        case Event::taken_free: return "taken free";
        case Event::taken_expired: return "taken expired";
        case Event::taken_future: return "taken with a stamp in the future";
        case Event::taken_reclaimed: return "reclaimed";
        case Event::taken_own: return "own, after a lost reply";
        case Event::taken_foreign: return "taken from a foreign holder";
        case Event::taken_forced: return "forced";
        case Event::lost_race: return "lost races";
        case Event::released_finished: return "finished";
        case Event::released_failed: return "failed";
        case Event::released_kept: return "kept";
        case Event::lost_expired: return "lost: expired";
        case Event::lost_replaced: return "lost: replaced";
        case Event::lost_fenced: return "lost: fenced";
        case Event::fenced_write: return "fenced writes";
        case Event::fenced_write_refused: return "of which refused";
        case Event::tracker_write: return "tracker writes";
        case Event::tracker_already: return "already done";
        case Event::tracker_unanswered: return "unanswered";
        case Event::tracker_withheld: return "withheld";
        case Event::tracker_refused_term: return "refused by the file tracker";
        case Event::quarantine: return "quarantines waited for";
        case Event::lost_request: return "requests lost";
        case Event::lost_reply: return "replies lost";
        case Event::slow_request: return "requests late";
        case Event::slow_reply: return "replies late";
        case Event::repeated_request: return "requests repeated";
        case Event::reset_connection: return "connections reset";
        case Event::partition: return "partitions";
        case Event::client_gave_up: return "given up by the client";
        case Event::slow_commit: return "slow commits";
        case Event::lock_timeout: return "lock timeouts";
        case Event::crash: return "crashes";
        case Event::crash_of_holder: return "of the holder";
        case Event::restart_in_slot: return "restarts in the slot";
        case Event::restart_elsewhere: return "restarts elsewhere";
        case Event::graceful_stop: return "graceful stops";
        case Event::pause: return "pauses";
        case Event::pause_of_holder: return "pauses of the holder";
        case Event::pause_before_send: return "pauses between check and send";
        case Event::stall: return "stalled loops";
        case Event::hang: return "hanging ticks";
        case Event::step_forward: return "clock steps forward";
        case Event::step_back: return "clock steps back";
        case Event::server_restart: return "server restarts";
        case Event::failover: return "failovers";
        case Event::failover_lost_acquire: return "that lost an acquire";
        case Event::failover_lost_release: return "that lost a release";
        case Event::failover_lost_renewal: return "that lost a renewal";
        case Event::foreign_hold: return "foreign holds";
        case Event::third_party_delete: return "deletes by a third party";
        case Event::null_token: return "null tokens";
        case Event::future_stamp: return "stamps in the future";
        case Event::ancient_stamp: return "stamps of long ago";
        case Event::row_written_again: return "rows written as they were";
        case Event::garbage_token: return "garbage tokens";
        case Event::release_by_hand: return "releases by hand";
        case Event::paused_by_hand: return "ticks paused by hand";
        case Event::request: return "requests for a tick";
        case Event::lost_notification: return "notifications lost";
        case Event::slow_effect: return "slow effects on a tracker";
        case Event::late_send: return "sends after a pause that outlasted the term";
        case Event::late_effect_overtaken: return "of which overtaken by a newer term";
        case Event::rerun_after_lost_release: return "ticks run again since their release never came";
        case Event::excused_third_party: return "holders whose row a third party took";
        case Event::excused_hidden_step: return "takings after a step that the taker could not see";
        case Event::excused_lost_term: return "terms below a lost one of a clock more than an hour ahead";
        case Event::excused_early_tick: return "early ticks after a step back";
        case Event::count: break;
    }
    return "";
}

}  // namespace groomer::simulation
