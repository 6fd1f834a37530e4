#include "tracker/github/pass.hpp"

#include "base/error.hpp"
#include "base/time_text.hpp"

#include <algorithm>
#include <utility>

namespace groomer::tracker::github {
namespace {

using namespace std::chrono_literals;

constexpr std::size_t most_seen = 2000;
constexpr int most_repeats = 3;

std::int64_t changed_at(Issue const& issue) {
    auto const time = parse_time(issue.updated_at);
    return time ? epoch_seconds(*time) : 0;
}

// What changes once more in the second in which it was read has the same time, and must be read again: only an entry that is older
// by then counts as seen.
std::vector<Issue> take_news(Cursor& cursor, IssuePage page, WallTime now) {
    constexpr std::int64_t grain = 2;  // seconds: GitHub dates in whole ones
    std::vector<Issue> news;
    for (auto& entry : page.issues) {
        auto const changed = changed_at(entry.issue);
        if (changed > 0 && epoch_seconds(now) < changed + grain) {
            cursor.seen.erase(entry.issue.ref.number);
        } else if (changed > 0) {
            auto const [known, is_new] = cursor.seen.try_emplace(entry.issue.ref.number, changed);
            if (!is_new && known->second == changed) continue;
            known->second = changed;
        }
        news.push_back(std::move(entry.issue));
    }
    return news;
}

// Those that cannot come again, and the oldest where they are too many: they may then come twice, which does no harm.
void forget_old(Cursor& cursor, std::int64_t before) {
    std::erase_if(cursor.seen, [&](auto const& entry) { return entry.second < before; });
    if (cursor.seen.size() <= most_seen) return;
    std::vector<std::int64_t> times;
    for (auto const& [number, changed] : cursor.seen) times.push_back(changed);
    auto const middle = times.begin() + static_cast<std::ptrdiff_t>(times.size() / 2);
    std::nth_element(times.begin(), middle, times.end());
    std::erase_if(cursor.seen, [cut = *middle](auto const& entry) { return entry.second < cut; });
    while (cursor.seen.size() > most_seen) cursor.seen.erase(cursor.seen.begin());  // all of one second
}

void note_newest(Cursor& cursor, std::optional<WallTime> updated) {
    auto const newest = parse_time(cursor.newest);
    if (updated && (!newest || *updated > *newest)) cursor.newest = format_seconds(*updated);
}

bool repeat_walk(Cursor& cursor) {
    bool const again = !cursor.next.empty() && cursor.found_on_walk && cursor.repeats < most_repeats;
    cursor.next.clear();
    cursor.found_on_walk = false;
    cursor.repeats = again ? cursor.repeats + 1 : 0;
    return again;
}

void rest(Cursor& cursor, WallTime now, PassOptions const& options) {
    cursor.full = false;
    cursor.begun = false;
    auto newest = parse_time(cursor.newest);
    if (!newest) return;
    newest = std::min(*newest, now);  // as an older version may have left it
    // Once the overlap has passed, what is that old has been shown: from then on an idle repository answers with next to nothing.
    bool const settled = now >= *newest + options.overlap;
    auto const since = settled ? *newest - 1s : *newest - options.overlap;
    cursor.since = format_seconds(since);
    forget_old(cursor, epoch_seconds(since));
}

}  // namespace

void begin_pass(Cursor& cursor, WallTime now, PassOptions const& options) {
    if (cursor.begun) return;
    cursor.begun = true;
    if (!cursor.full && now - from_epoch_seconds(cursor.full_began) < options.full_every) return;
    Cursor anew;
    anew.source = std::move(cursor.source);
    anew.begun = true;
    anew.full_began = epoch_seconds(now);
    cursor = std::move(anew);
}

std::string page_url(Cursor const& cursor, std::string const& list, std::size_t per_page) {
    if (!cursor.next.empty()) return cursor.next;
    auto url = list + "?state=all&sort=updated&direction=asc&per_page=" + std::to_string(std::clamp<std::size_t>(per_page, 1, 100));
    return cursor.since.empty() ? url : url + "&since=" + cursor.since;
}

Step advance(Cursor& cursor, IssuePage page, Links const& links, WallTime now, PassOptions const& options) {
    if (links.next_refused)
        throw Error{ErrorCode::failure, cursor.source + ": the list of issues goes on at another origin, which is not followed"};
    auto last_updated = parse_time(page.last_updated);
    // What is dated later than now is last in every list, and would hide whatever changes until then.
    bool const later_than_now = last_updated && *last_updated > now;
    if (later_than_now) last_updated = now;
    note_newest(cursor, last_updated);
    Step step;
    step.news = take_news(cursor, std::move(page), now);
    if (!cursor.next.empty() && !step.news.empty()) cursor.found_on_walk = true;
    if (last_updated) forget_old(cursor, epoch_seconds(*last_updated - options.overlap));
    if (links.next.empty()) {
        if (repeat_walk(cursor)) return step;
        rest(cursor, now, options);
        step.last = true;
        return step;
    }
    // A second before, in case that GitHub means "after" where it says "since". Of what is dated later than now one page is like the
    // other from any `since`: only their numbers get on.
    auto const since = parse_time(cursor.since);
    if (last_updated && !later_than_now && (!since || *last_updated - 1s > *since)) {
        if (!repeat_walk(cursor)) cursor.since = format_seconds(*last_updated - 1s);
        return step;
    }
    if (links.next == cursor.next) throw Error{ErrorCode::failure, cursor.source + ": the list of issues leads in a circle"};
    cursor.next = links.next;
    return step;
}

}  // namespace groomer::tracker::github
