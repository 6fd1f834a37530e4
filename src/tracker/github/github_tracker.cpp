#include "tracker/github/github_tracker.hpp"

#include "base/text.hpp"
#include "tracker/github/content_writer.hpp"
#include "tracker/github/examine.hpp"
#include "tracker/github/label_list.hpp"
#include "tracker/github/reader.hpp"
#include "tracker/github/repository.hpp"
#include "tracker/github/writer.hpp"

#include <algorithm>
#include <iterator>
#include <optional>
#include <utility>

namespace groomer::tracker::github {
namespace {

constexpr std::size_t most_per_page = 100;
constexpr std::size_t most_bytes = 4UL << 20U;  // of issues after which no further page is read
constexpr int most_passed_over = 100;
constexpr int most_steps = 20;  // of one call, for a list that says nothing new

std::size_t bytes_in(std::vector<Issue> const& issues) {
    std::size_t bytes = 0;
    for (auto const& issue : issues) bytes += issue.title.size() + issue.body.size();
    return bytes;
}

class GithubTracker final : public Tracker {
public:
    GithubTracker(Parts parts, Options options)
        : options_{std::move(options)},
          repository_{std::move(parts.api), options_.repo},
          reader_{repository_},
          writer_{repository_, reader_},
          content_{repository_, reader_, options_.settle},
          labels_{repository_} {}

    [[nodiscard]] std::chrono::milliseconds settle() const override { return options_.settle; }

    Task<std::optional<Findings>> examine(bool writes) override {
        auto examining = github::examine(repository_, writes);
        co_return co_await std::move(examining);
    }

    Task<Page> changes(std::string cursor, std::size_t limit) override;

    Task<std::optional<Issue>> read(IssueRef ref) override {
        if (!repository_.is_configured_as(ref.repo)) co_return std::nullopt;
        auto reading = reader_.read(ref.number);
        co_return co_await std::move(reading);
    }

    Task<std::optional<Issue>> read_anew(IssueRef ref) override {
        if (repository_.is_configured_as(ref.repo)) reader_.forget_history(ref.number);
        return read(std::move(ref));
    }

    Task<std::vector<WriteResult>> add_labels(IssueRef ref, std::vector<std::string> labels, WriteGuard guard) override {
        if (!repository_.is_configured_as(ref.repo)) return none_here(labels.size());
        for (auto& label : labels) label = clean_text(label);
        return writer_.add(ref.number, std::move(labels), std::move(guard));
    }

    Task<WriteResult> remove_label(IssueRef ref, std::string label, WriteGuard guard) override {
        if (!repository_.is_configured_as(ref.repo)) return not_here();
        return writer_.remove(ref.number, clean_text(label), std::move(guard));
    }

    Task<WriteResult> set_comment(IssueRef ref, std::string name, std::string text, std::vector<std::string> earlier,
                                  WriteGuard guard) override {
        if (!repository_.is_configured_as(ref.repo)) return not_here();
        return content_.set_comment(ref.number, std::move(name), std::move(text), std::move(earlier), std::move(guard));
    }

    Task<WriteResult> set_section(IssueRef ref, std::string name, std::string text, WriteGuard guard) override {
        if (!repository_.is_configured_as(ref.repo)) return not_here();
        return content_.set_section(ref.number, std::move(name), std::move(text), std::move(guard));
    }

    Task<WriteResult> set_title(IssueRef ref, std::string title, WriteGuard guard) override {
        if (!repository_.is_configured_as(ref.repo)) return not_here();
        return content_.set_title(ref.number, std::move(title), std::move(guard));
    }

    Task<WriteResult> close(IssueRef ref, CloseReason reason, WriteGuard guard) override {
        if (!repository_.is_configured_as(ref.repo)) return not_here();
        return content_.close(ref.number, reason, std::move(guard));
    }

    Task<WriteResult> reopen(IssueRef ref, WriteGuard guard) override {
        if (!repository_.is_configured_as(ref.repo)) return not_here();
        return content_.reopen(ref.number, std::move(guard));
    }

    Task<std::vector<std::string>> lacking(std::vector<std::string> labels) override {
        std::vector<std::string> out;
        for (auto& label : labels) {
            auto looking = labels_.spelled(label);
            auto const there = co_await std::move(looking);
            if (!there) out.push_back(std::move(label));
        }
        co_return out;
    }

    Task<WriteResult> create_label(std::string label, std::string description, WriteGuard guard) override {
        return labels_.create(std::move(label), std::move(description), std::move(guard));
    }

    Task<WriteResult> finish_pass(WriteGuard) override { co_return WriteResult{WriteOutcome::already, {}, {}}; }

private:
    static Task<WriteResult> not_here() { co_return WriteResult{WriteOutcome::gone, {}, {}}; }

    static Task<std::vector<WriteResult>> none_here(std::size_t labels) {
        co_return std::vector<WriteResult>(labels, WriteResult{WriteOutcome::gone, {}, {}});
    }

    Task<Step> next_step(Cursor& cursor, Page& page, std::size_t limit);
    Task<Answer> list(Cursor& cursor, Page& page, std::size_t limit);
    [[nodiscard]] std::string page_at(Cursor const& cursor, std::size_t limit) const {
        return page_url(cursor, repository_.url("/issues"), std::min(limit, per_page_));
    }
    void pass_over(Cursor& cursor, Page& page, std::string const& asked) const;

    Options const options_;
    Repository repository_;
    Reader reader_;
    Writer writer_;
    ContentWriter content_;
    LabelList labels_;                      // for those who ask for them
    bool began_anew_ = false;               // in this call
    std::size_t per_page_ = most_per_page;  // fewer where so many are more than an answer may hold, until the sync gets on
    // The last answer of a pass that found nothing: an idle repository then answers with 304, which costs nothing of the quota.
    std::string idle_url_, idle_etag_;
};

// As many pages as fit into the limits, and at least one; what failed after that is left for the next call to meet.
Task<Page> GithubTracker::changes(std::string text, std::size_t limit) {
    auto known = parse_cursor(text, repository_.source());
    Cursor cursor = known ? std::move(*known) : Cursor{};
    cursor.source = repository_.source();
    bool const resting = !cursor.begun;
    begin_pass(cursor, repository_.api().now(), options_.pass);
    Page page;
    page.tells_own = false;  // a list names labels, not who set them
    page.full_pass = cursor.full;
    page.first_of_full_pass = cursor.full && resting;
    std::size_t bytes = 0;
    auto const since = cursor.since;
    began_anew_ = false;
    int steps = 0;
    do {
        auto before = cursor;
        std::exception_ptr failure;
        try {
            auto stepping = next_step(cursor, page, limit);
            auto step = co_await std::move(stepping);
            bytes += bytes_in(step.news);
            std::move(step.news.begin(), step.news.end(), std::back_inserter(page.issues));
            page.last = step.last;
        } catch (Error const&) {
            failure = std::current_exception();
        }
        // What failed without having got on would fail for ever.
        if (failure && page.issues.empty() && cursor.since == since) std::rethrow_exception(failure);
        if (failure) {
            cursor = std::move(before);
            page.last = false;
            break;
        }
    } while (!page.last && page.issues.size() + std::min(limit, per_page_) <= limit && bytes < most_bytes && ++steps < most_steps);
    page.cursor = to_string(cursor);
    co_return std::move(page);
}

Task<Step> GithubTracker::next_step(Cursor& cursor, Page& page, std::size_t limit) {
    auto listing = list(cursor, page, limit);
    auto answer = co_await std::move(listing);
    auto const now = answer.date.value_or(repository_.api().now());
    IssuePage issues;
    if (answer.kind == Answer::Kind::ok) issues = parse_issue_page(answer.body, repository_.name());
    else if (answer.kind != Answer::Kind::not_modified) fail(answer, "the issues of " + repository_.name() + " cannot be read");
    page.skipped += issues.skipped;
    if (page.skipped_example.empty()) page.skipped_example = issues.skipped_example;
    auto const asked = page_at(cursor, limit);
    // What comes after a page that is full does not change it, nor its ETag.
    bool const has_room = issues.entries < std::min(limit, per_page_);
    bool const may_be_idle = !cursor.full && cursor.next.empty() && has_room;
    auto const since = cursor.since;
    auto step = advance(cursor, std::move(issues), answer.links, now, options_.pass);
    if (step.last || cursor.since != since) per_page_ = most_per_page;
    if (answer.kind == Answer::Kind::ok) {
        bool const idle = may_be_idle && step.last && step.news.empty();
        idle_url_ = idle ? asked : std::string{};
        idle_etag_ = idle ? answer.etag : std::string{};
        repository_.moved_to(answer.url);
    }
    co_return std::move(step);
}

// The page where the cursor stands; from its beginning in smaller ones where one is too much for an answer, and past an entry that is
// so by itself.
Task<Answer> GithubTracker::list(Cursor& cursor, Page& page, std::size_t limit) {
    for (int passed_over = 0;;) {
        auto const asked = page_at(cursor, limit);
        Call call{Route::issues, asked};
        if (call.url == idle_url_) call.etag = idle_etag_;
        auto sending = repository_.api().send(std::move(call));
        auto answer = co_await std::move(sending);
        bool const too_large = answer.kind == Answer::Kind::too_large && passed_over < most_passed_over;
        bool const refused = answer.kind == Answer::Kind::invalid || answer.kind == Answer::Kind::gone;
        // The address of a next page may not be good for ever; a list of which none ever is cannot be read.
        bool const outdated = refused && !cursor.next.empty() && !began_anew_;
        // The repository that answered from elsewhere may be deleted, and another have its name.
        bool const moved_back = answer.kind == Answer::Kind::gone && repository_.forget_move();
        // Which page it is, only its number tells.
        bool const unnumbered = too_large && per_page_ == 1 && !cursor.next.empty() && !page_of(asked);
        if ((!too_large && !outdated && !moved_back) || unnumbered) co_return std::move(answer);
        if (too_large && per_page_ == 1) {
            ++passed_over;
            pass_over(cursor, page, asked);
            continue;
        }
        cursor.next.clear();
        began_anew_ = began_anew_ || outdated;
        if (too_large) per_page_ = std::max<std::size_t>(std::min(limit, per_page_) / 4, 1);
    }
}

void GithubTracker::pass_over(Cursor& cursor, Page& page, std::string const& asked) const {
    if (page.skipped++ == 0) page.skipped_example = repository_.name() + ": an entry is larger than is read";
    auto const next = page_of(asked).value_or(1) + 1;
    cursor.next.clear();
    cursor.next = page_url(cursor, repository_.url("/issues"), 1) + "&page=" + std::to_string(next);
}

}  // namespace

std::shared_ptr<Tracker> make_github_tracker(Parts parts, Options options) {
    return std::make_shared<GithubTracker>(std::move(parts), std::move(options));
}

}  // namespace groomer::tracker::github
