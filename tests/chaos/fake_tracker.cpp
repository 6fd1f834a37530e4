#include "chaos/fake_tracker.hpp"

#include "chaos/boot_clock.hpp"

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/json/array.hpp>
#include <boost/json/value_to.hpp>

#include <algorithm>
#include <utility>

namespace groomer::chaos {
namespace {

namespace json = boost::json;
using namespace std::chrono_literals;
using Steady = std::chrono::steady_clock;

constexpr auto quietly = asio::as_tuple(asio::use_awaitable);
constexpr auto body =
    "It always fails in the same way.\n\nSteps to reproduce: start the program, wait for a minute, and look at the screen, "
    "which stays as it was; nothing is written to the log, and the program has to be ended by hand.";

json::array to_array(std::set<std::string> const& labels) { return json::array(labels.begin(), labels.end()); }

// At one moment, to within 1 ms: who is preempted between the two would call a check earlier than it was.
std::pair<Moment, std::int64_t> both_clocks() {
    constexpr std::int64_t millisecond = 1'000'000;
    for (int tries = 1;; ++tries) {
        auto const boot = boot_nanoseconds();
        auto const wall = now();
        if (boot_nanoseconds() - boot < millisecond || tries == 100) return {wall, boot};
    }
}

}  // namespace

std::map<std::string, std::string> labels_wanted(std::int64_t issue, std::int64_t revision) {
    constexpr char const* types[]{"type/bug", "type/feature", "type/question"};
    constexpr char const* priorities[]{"priority/p1", "priority/p2"};
    auto const turn = static_cast<std::size_t>(issue + revision);
    return {{"type", types[turn % 3]}, {"priority", priorities[turn % 2]}};
}

std::string title_of(std::int64_t issue, std::int64_t revision) {
    return "issue " + std::to_string(issue) + " revision " + std::to_string(revision);
}

std::int64_t revision_in(std::string const& title) { return std::stoll(title.substr(title.rfind(' ') + 1)); }

FakeTracker::FakeTracker(asio::io_context& io, TrackerSettings settings)
    : io_{io}, settings_{settings}, random_{settings.seed}, server_{io, [this](LineServer::Request request) { return handle(request); }} {
    for (int number = 1; number <= settings_.issues; ++number) issues_[number].changed = ++changes_;
    auto editing = [this] { return edit(); };
    asio::co_spawn(io_, editing, asio::detached);
}

void FakeTracker::set_mood(Mood mood) {
    std::lock_guard const guard{mutex_};
    mood_ = mood;
}

void FakeTracker::stall_until(Moment until) {
    std::lock_guard const guard{mutex_};
    stalled_until_ = until;
}

void FakeTracker::stop_editing() {
    std::lock_guard const guard{mutex_};
    editing_ = false;
}

std::vector<TrackerWrite> FakeTracker::writes() const {
    std::lock_guard const guard{mutex_};
    return writes_;
}

std::size_t FakeTracker::effects() const {
    std::lock_guard const guard{mutex_};
    return static_cast<std::size_t>(effects_);
}

std::int64_t FakeTracker::newest_term() const {
    std::lock_guard const guard{mutex_};
    return newest_term_;
}

std::vector<FinalIssue> FakeTracker::issues() const {
    std::lock_guard const guard{mutex_};
    std::vector<FinalIssue> out;
    for (auto const& [number, issue] : issues_) {
        FinalIssue final{number, issue.revision, issue.labels, {}};
        for (auto const& [family, label] : labels_wanted(number, issue.revision)) final.wanted.insert(label);
        out.push_back(std::move(final));
    }
    return out;
}

// A person's hand: what makes an issue due again, with another answer.
asio::awaitable<void> FakeTracker::edit() {
    asio::steady_timer timer{io_};
    for (;;) {
        timer.expires_after(settings_.edit_every);
        co_await timer.async_wait(asio::use_awaitable);
        std::lock_guard const guard{mutex_};
        if (!editing_) co_return;
        auto& issue = issues_[1 + static_cast<std::int64_t>(random_() % static_cast<std::uint64_t>(settings_.issues))];
        ++issue.revision;
        issue.changed = ++changes_;
    }
}

asio::awaitable<void> FakeTracker::sit_out_stall() {
    asio::steady_timer timer{io_};
    for (;;) {
        Moment until;
        {
            std::lock_guard const guard{mutex_};
            until = stalled_until_;
        }
        if (until <= now()) co_return;
        timer.expires_after(until - now());
        co_await timer.async_wait(asio::use_awaitable);
    }
}

json::object FakeTracker::to_json(std::int64_t number, Issue const& issue) const {
    std::vector<std::pair<std::int64_t, json::array>> events;
    for (auto const& [label, event] : issue.events) events.push_back({event.first, json::array{label, event.second}});
    std::sort(events.begin(), events.end(), [](auto const& a, auto const& b) { return a.first < b.first; });
    json::array ordered;
    for (auto& event : events) ordered.push_back(std::move(event.second));
    return {{"number", number},
            {"title", title_of(number, issue.revision)},
            {"body", body},
            {"labels", to_array(issue.labels)},
            {"own", to_array(issue.labels)},
            {"events", std::move(ordered)}};
}

json::object FakeTracker::changes(std::int64_t since, std::size_t limit) {
    std::map<std::int64_t, std::int64_t> newer;  // by change
    for (auto const& [number, issue] : issues_)
        if (issue.changed > since) newer.emplace(issue.changed, number);
    json::array page;
    for (auto const& [change, number] : newer) {
        if (page.size() == limit) break;
        page.push_back(to_json(number, issues_.at(number)));
        since = change;
    }
    return {{"issues", std::move(page)}, {"seen", since}, {"last", newer.size() <= limit}};
}

asio::awaitable<void> FakeTracker::handle(LineServer::Request request) {
    auto const op = json::value_to<std::string>(request.body.at("op"));
    if (op == "add" || op == "remove") {
        auto changing = change(request);
        co_await std::move(changing);
        co_return;
    }
    auto waiting = sit_out_stall();
    co_await std::move(waiting);
    json::object reply;
    {
        std::lock_guard const guard{mutex_};
        if (op == "changes") {
            reply = changes(request.body.at("since").to_number<std::int64_t>(), request.body.at("limit").to_number<std::size_t>());
        } else {
            auto const found = issues_.find(request.body.at("number").to_number<std::int64_t>());
            reply["issue"] = nullptr;  // braces would make a list of it
            if (found != issues_.end()) reply["issue"] = to_json(found->first, found->second);
        }
    }
    auto answering = answer(request.socket, std::move(reply));
    co_await std::move(answering);
}

FakeTracker::Course FakeTracker::choose_course(std::int64_t issue) {
    std::uniform_real_distribution<double> chance{0, 1};
    auto const between = [&](milliseconds least, milliseconds most) {
        return milliseconds{std::uniform_int_distribution<std::int64_t>{least.count(), most.count()}(random_)};
    };
    Course course;
    course.takes = between(1ms, 15ms);
    int& failed = failed_[issue];
    if (failed < 2) {
        course.refused = chance(random_) < mood_.refused;
        course.lost = chance(random_) < mood_.lost;
        if (chance(random_) < mood_.slow) course.takes = between(200ms, settings_.write_limit + settings_.settle);
    }
    bool const fails = course.refused || course.lost || course.takes >= settings_.write_limit;
    failed = fails ? failed + 1 : 0;
    return course;
}

std::size_t FakeTracker::note(LineServer::Request const& request) {
    auto const& body_of = request.body;
    auto const [received, boot] = both_clocks();
    microseconds const since_check{(boot - body_of.at("checked").to_number<std::int64_t>()) / 1000};
    TrackerWrite write;
    write.op = json::value_to<std::string>(body_of.at("op"));
    write.issue = body_of.at("number").to_number<std::int64_t>();
    write.label = json::value_to<std::string>(body_of.at("label"));
    write.term = body_of.at("term").to_number<std::int64_t>();
    write.pod = json::value_to<std::string>(body_of.at("pod"));
    write.connection = request.connection;
    write.checked = received - since_check;
    write.received = received;
    writes_.push_back(std::move(write));
    return writes_.size() - 1;
}

std::string FakeTracker::take_effect(std::size_t entry) {
    auto& write = writes_[entry];
    auto& issue = issues_.at(write.issue);
    bool const added = write.op == "add";
    write.effect = now();
    write.place = ++effects_;
    write.revision = issue.revision;
    write.changed = added ? issue.labels.insert(write.label).second : issue.labels.erase(write.label) > 0;
    newest_term_ = std::max(newest_term_, write.term);
    if (write.changed) {
        issue.changed = ++changes_;
        issue.events[write.label] = {changes_, added};
    }
    return "done";
}

asio::awaitable<void> FakeTracker::wait_for_effect(tcp::socket& socket, std::size_t entry, milliseconds takes) {
    struct Watch {
        explicit Watch(asio::io_context& io) : timer{io} {}
        asio::steady_timer timer;
        bool cut = false;
        Steady::time_point cut_at;
    };
    auto const watch = std::make_shared<Watch>(io_);
    // Nothing more is said on this connection: readable means that it was closed.
    socket.async_wait(tcp::socket::wait_read, [watch](boost::system::error_code) {
        watch->cut = true;
        watch->cut_at = Steady::now();
        watch->timer.cancel();
    });
    auto const planned = Steady::now() + takes;
    for (bool noted = false;;) {
        if (watch->cut && !noted) {
            noted = true;
            std::lock_guard const guard{mutex_};
            writes_[entry].cut = now();
        }
        auto const until = watch->cut ? std::min(planned, watch->cut_at + settings_.settle) : planned;
        if (Steady::now() >= until) break;
        watch->timer.expires_at(until);
        auto [error] = co_await watch->timer.async_wait(quietly);
        (void)error;
    }
}

asio::awaitable<void> FakeTracker::change(LineServer::Request request) {
    std::size_t entry = 0;
    Course course;
    {
        std::lock_guard const guard{mutex_};
        entry = note(request);
        course = choose_course(writes_[entry].issue);
        writes_[entry].refused = course.refused;
        // A stall takes part of the time that there is; none of it makes an effect later than promised.
        auto const stalled = std::chrono::duration_cast<milliseconds>(stalled_until_ - now());
        course.takes = std::min(std::max(course.takes, stalled), settings_.write_limit + settings_.settle);
    }
    auto waiting = wait_for_effect(request.socket, entry, course.takes);
    co_await std::move(waiting);
    std::string result = "refused";
    if (!course.refused) {
        std::lock_guard const guard{mutex_};
        result = take_effect(entry);
        writes_[entry].answered = !course.lost;
    }
    if (course.lost) co_return;
    json::object reply{{"result", result}};
    auto answering = answer(request.socket, std::move(reply));
    co_await std::move(answering);
}

}  // namespace groomer::chaos
