// What happened in a simulated world, counted: a reader sees that the faults really occurred.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string_view>

namespace groomer::simulation {

enum class Event {
    // holds, by how they were taken
    taken_free,
    taken_expired,
    taken_future,
    taken_reclaimed,
    taken_own,
    taken_foreign,
    taken_forced,
    lost_race,
    // how holds ended
    released_finished,
    released_failed,
    released_kept,
    lost_expired,
    lost_replaced,
    lost_fenced,
    // fenced writes and writes to trackers
    fenced_write,
    fenced_write_refused,
    tracker_write,
    tracker_already,
    tracker_unanswered,
    tracker_withheld,
    tracker_refused_term,
    quarantine,
    // faults: the first is `first_fault`, the last `last_fault`
    lost_request,
    lost_reply,
    slow_request,
    slow_reply,
    repeated_request,
    reset_connection,
    partition,
    client_gave_up,
    slow_commit,
    lock_timeout,
    crash,
    crash_of_holder,
    restart_in_slot,
    restart_elsewhere,
    graceful_stop,
    pause,
    pause_of_holder,
    pause_before_send,
    stall,
    hang,
    step_forward,
    step_back,
    server_restart,
    failover,
    failover_lost_acquire,
    failover_lost_release,
    failover_lost_renewal,
    foreign_hold,
    third_party_delete,
    null_token,
    future_stamp,
    ancient_stamp,
    row_written_again,
    garbage_token,
    release_by_hand,
    paused_by_hand,
    request,
    lost_notification,
    slow_effect,
    // what the guarantees do not cover
    late_send,
    late_effect_overtaken,
    rerun_after_lost_release,
    // where a judge excused what it would object to
    excused_third_party,
    excused_hidden_step,
    excused_lost_term,
    excused_early_tick,
    count
};
inline constexpr auto first_fault = Event::lost_request;
inline constexpr auto last_fault = Event::slow_effect;

std::string_view name(Event event);

class Counts {
public:
    void add(Event event) { ++counts_[static_cast<std::size_t>(event)]; }
    void add(Counts const& other) {
        for (std::size_t i = 0; i < counts_.size(); ++i) counts_[i] += other.counts_[i];
    }
    [[nodiscard]] std::uint64_t of(Event event) const { return counts_[static_cast<std::size_t>(event)]; }

private:
    std::array<std::uint64_t, static_cast<std::size_t>(Event::count)> counts_{};
};

}  // namespace groomer::simulation
