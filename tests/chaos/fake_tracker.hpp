// A tracker that does as it is told, whatever the term: it takes its time, goes on with requests whose connection was
// cut, loses answers, refuses and stalls. It keeps its own record of what truly happened.
#pragma once

#include "chaos/history.hpp"
#include "chaos/line_server.hpp"

#include <boost/asio/steady_timer.hpp>

#include <map>
#include <mutex>
#include <random>

namespace groomer::chaos {

// How it treats requests, as shares of all; a slow one takes up to the longest time there is.
struct Mood {
    double slow = 0.12, lost = 0.04, refused = 0.02;
    friend bool operator==(Mood const&, Mood const&) = default;
};

struct TrackerSettings {
    int issues = 20;
    milliseconds edit_every{150};
    milliseconds settle{400};     // a request takes effect at most this long after it was cut…
    milliseconds write_limit{0};  // …and this much more after it was received, cut or not
    std::uint64_t seed = 0;
};

// What the model says of an issue at a revision: the same whoever asks.
std::map<std::string, std::string> labels_wanted(std::int64_t issue, std::int64_t revision);
std::string title_of(std::int64_t issue, std::int64_t revision);
std::int64_t revision_in(std::string const& title);

class FakeTracker {
public:
    FakeTracker(asio::io_context& io, TrackerSettings settings);

    // Callable from any thread.
    [[nodiscard]] unsigned short port() const { return server_.port(); }
    void set_mood(Mood mood);
    void stall_until(Moment until);
    void stop_editing();
    [[nodiscard]] std::vector<TrackerWrite> writes() const;
    [[nodiscard]] std::size_t effects() const;
    [[nodiscard]] std::int64_t newest_term() const;
    [[nodiscard]] std::vector<FinalIssue> issues() const;

private:
    struct Issue {
        std::int64_t revision = 1;
        std::int64_t changed = 0;  // counts up over all issues
        std::set<std::string> labels;
        std::map<std::string, std::pair<std::int64_t, bool>> events;  // by label, the last: when, and whether added
    };
    struct Course {  // of one write
        milliseconds takes{0};
        bool lost = false, refused = false;
    };

    asio::awaitable<void> handle(LineServer::Request request);
    asio::awaitable<void> change(LineServer::Request request);
    asio::awaitable<void> wait_for_effect(tcp::socket& socket, std::size_t entry, milliseconds takes);
    asio::awaitable<void> edit();
    asio::awaitable<void> sit_out_stall();
    Course choose_course(std::int64_t issue);
    std::size_t note(LineServer::Request const& request);
    std::string take_effect(std::size_t entry);
    boost::json::object changes(std::int64_t since, std::size_t limit);
    boost::json::object to_json(std::int64_t number, Issue const& issue) const;

    asio::io_context& io_;
    TrackerSettings const settings_;
    mutable std::mutex mutex_;  // protects all below
    std::mt19937_64 random_;
    Mood mood_;
    Moment stalled_until_{};
    bool editing_ = true;
    std::map<std::int64_t, Issue> issues_;
    std::map<std::int64_t, int> failed_;  // by issue, in a row: groomer gives one up for half an hour after five
    std::int64_t changes_ = 0, effects_ = 0, newest_term_ = 0;
    std::vector<TrackerWrite> writes_;
    LineServer server_;
};

}  // namespace groomer::chaos
