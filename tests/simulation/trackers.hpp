// Two trackers as groomer's tick sees them, and their far ends. The remote one may let a request that was cut take effect as
// much as `settle` later, in any order. The file one refuses, under its flock, an effect of an older term than it has seen.
#pragma once

#include "simulation/process.hpp"
#include "tracker/tracker.hpp"

#include <map>
#include <memory>
#include <set>

namespace groomer::simulation {

// An effect: of an issue's step.
using Key = std::int64_t;
Key key_of(tracker::IssueRef const& ref, std::string const& label);

// The far end of a tracker.
class Site {
public:
    Site(World& world, Counts& counts, Judge& judge, std::chrono::milliseconds settle)
        : world_{world}, counts_{counts}, judge_{judge}, settle_{settle} {}

    [[nodiscard]] std::chrono::milliseconds settle() const { return settle_; }
    [[nodiscard]] bool carries(Key key) const { return carried_.contains(key); }

    struct Request {
        Key key = 0;
        std::int64_t term = 0;
        bool late = false;  // sent when its sender could have known that its term was over: a pause before the send
        Moment sent{}, lands{};
        double delay = 0;  // of what is left to it once it is cut, as a part of settle
        bool landed = false, cut = false, never = false;
    };
    using Handle = std::shared_ptr<Request>;
    // `landed` is called when it takes effect.
    Handle send(Request request, std::chrono::milliseconds limit, std::function<void()> landed);
    void cut(Handle const& request);
    // At once: of the file tracker.
    void land(Request const& request);
    [[nodiscard]] std::int64_t newest_term() const { return newest_term_; }

    double slow = 0;     // how likely a request takes longer than its sender waits
    double failing = 0;  // how likely one is refused
    int flocked_by = 0;  // the process that has the file tracker's lock

private:
    void wait_to_land(Handle const& request, std::function<void()> landed);

    World& world_;
    Counts& counts_;
    Judge& judge_;
    std::chrono::milliseconds settle_;
    std::set<Key> carried_;
    std::int64_t newest_term_ = 0;
};

std::unique_ptr<tracker::Tracker> make_remote_tracker(Process& process, Site& site);
std::unique_ptr<tracker::Tracker> make_file_tracker(Process& process, Site& site);

}  // namespace groomer::simulation
