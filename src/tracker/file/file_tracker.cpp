#include "tracker/file/file_tracker.hpp"

#include "base/error.hpp"
#include "base/text.hpp"
#include "tracker/file/cursor.hpp"
#include "tracker/file/effects_log.hpp"
#include "tracker/file/export.hpp"
#include "tracker/file/labelled_copy.hpp"

#include <algorithm>
#include <mutex>
#include <utility>

namespace groomer::tracker::file {
namespace {

constexpr std::size_t page_bytes = 32ULL << 20U;  // of export; a page ends early where its issues are huge

class FileTracker final : public Tracker {
public:
    explicit FileTracker(Options options)
        : pool_{options.pool},
          export_{options.path, options.entry_name},
          log_{std::make_shared<EffectsLog>(effects_path(options.path), options.pool, options.stats, options.lock_patience)} {}

    [[nodiscard]] std::chrono::milliseconds settle() const override { return std::chrono::milliseconds{0}; }

    Task<Page> changes(std::string cursor, std::size_t limit) override {
        auto work = [this, cursor = std::move(cursor), limit] { return next_page(parse_cursor(cursor), std::max<std::size_t>(limit, 1)); };
        auto page = on_pool(pool_, std::move(work));
        co_return co_await std::move(page);
    }

    Task<std::optional<Issue>> read(IssueRef ref) override {
        auto work = [this, ref = std::move(ref)] { return read_now(ref); };
        auto issue = on_pool(pool_, std::move(work));
        co_return co_await std::move(issue);
    }

    Task<std::vector<WriteResult>> add_labels(IssueRef ref, std::vector<std::string> labels, WriteGuard guard) override {
        std::vector<LabelChange> changes;
        for (auto const& label : labels) changes.push_back({clean_text(label), true});
        return write(std::move(ref), std::move(changes), std::move(guard));
    }

    Task<WriteResult> remove_label(IssueRef ref, std::string label, WriteGuard guard) override {
        std::vector<LabelChange> changes;
        changes.push_back({clean_text(label), false});
        auto writing = write(std::move(ref), std::move(changes), std::move(guard));
        auto results = co_await std::move(writing);
        co_return std::move(results.front());
    }

    Task<WriteResult> finish_pass(WriteGuard guard) override {
        auto work = [this, guard = std::move(guard)] { return bring_copy_up_to_date(guard); };
        auto result = on_pool(pool_, std::move(work));
        co_return co_await std::move(result);
    }

private:
    // What the labelled copy was made from, and what it was when it was done.
    struct CopyState {
        Fingerprint source;
        EffectsLog::Mark effects;
        std::optional<Fingerprint> copy;
        friend bool operator==(CopyState const&, CopyState const&) = default;
    };

    Task<std::vector<WriteResult>> write(IssueRef ref, std::vector<LabelChange> changes, WriteGuard guard) {
        auto look = [this, ref] { return labels_in_export(ref); };
        auto looked = on_pool(pool_, std::move(look));
        auto const exported = co_await std::move(looked);
        if (!exported) co_return std::vector<WriteResult>(changes.size(), WriteResult{WriteOutcome::gone, {}, {}});
        for (auto& change : changes) change.from_export = std::find(exported->begin(), exported->end(), change.label) != exported->end();
        auto written = log_->write(std::move(ref), std::move(changes), std::move(guard));
        auto results = co_await std::move(written);
        // A log that cannot be locked or written fails every issue alike: that is no fault of this one.
        for (auto const& result : results)
            if (result.outcome == WriteOutcome::failed) throw Error{ErrorCode::failure, result.detail};
        co_return std::move(results);
    }

    // The rest runs on the pool.

    Page next_page(std::optional<Cursor> const& cursor, std::size_t limit) {
        Page page;
        if (cursor && cursor->finished && fingerprint_of(export_.path()) == cursor->fingerprint) {
            export_.rest();
            page.cursor = to_string(*cursor);
            return page;
        }
        log_->refresh();
        return export_.consistent([&](Snapshot const& snapshot) { return page_of(snapshot, cursor, limit); });
    }

    Page page_of(Snapshot const& snapshot, std::optional<Cursor> const& cursor, std::size_t limit) const {
        auto const& index = *snapshot.index;
        bool const same = cursor && cursor->hash == index.hash && cursor->fingerprint.size == index.fingerprint.size;
        Cursor at{index.fingerprint, index.hash, same && cursor->finished, same ? cursor->next : 0};
        Page page;
        if (!at.finished) {
            page.full_pass = true;
            page.first_of_full_pass = at.next == 0;
            if (page.first_of_full_pass) std::tie(page.skipped, page.skipped_example) = std::tie(index.skipped, index.skipped_example);
            fill(page, snapshot, at, limit);
        }
        page.last = at.finished;
        page.cursor = to_string(at);
        return page;
    }

    void fill(Page& page, Snapshot const& snapshot, Cursor& at, std::size_t limit) const {
        auto const& entries = snapshot.index->entries;
        std::size_t bytes = 0;
        for (; at.next < entries.size() && page.issues.size() < limit && bytes < page_bytes; ++at.next) {
            auto issue = snapshot.issue(entries[at.next]);
            auto const before = issue.labels;
            issue.labels = merge(std::move(issue.labels), log_->of(issue.ref));
            std::copy_if(issue.labels.begin(), issue.labels.end(), std::back_inserter(issue.own),
                         [&](auto const& label) { return std::find(before.begin(), before.end(), label) == before.end(); });
            page.issues.push_back(std::move(issue));
            bytes += entries[at.next].length;
        }
        at.finished = at.next >= entries.size();
        if (at.finished) at.next = 0;
    }

    std::optional<Issue> read_now(IssueRef const& ref) {
        log_->refresh();
        auto issue = read_export(ref);
        if (!issue) return issue;
        auto const changes = log_->of(ref);
        auto const exported = issue->labels;
        issue->labels = merge(exported, changes);
        for (auto const& change : changes) issue->events.push_back({change.label, change.added, Actor::self});
        // A label that stands in the export is a person's, also where we had set it before: they have the last word.
        for (auto const& label : exported)
            if (std::find(issue->labels.begin(), issue->labels.end(), label) != issue->labels.end())
                issue->events.push_back({label, true, Actor::person});
        return issue;
    }

    std::optional<Issue> read_export(IssueRef const& ref) {
        return export_.consistent([&](Snapshot const& snapshot) -> std::optional<Issue> {
            auto const* entry = snapshot.index->find(ref);
            if (!entry) return std::nullopt;
            return snapshot.issue(*entry);
        });
    }

    // Nothing if there is no such issue.
    std::optional<std::vector<std::string>> labels_in_export(IssueRef const& ref) {
        auto issue = read_export(ref);
        if (!issue) return std::nullopt;
        return std::move(issue->labels);
    }

    WriteResult bring_copy_up_to_date(WriteGuard const& guard) {
        std::lock_guard const lock{copy_mutex_};
        auto const path = labelled_path(export_.path());
        auto const effects = log_->refresh();
        CopyState const wanted{fingerprint_of(export_.path()).value_or(Fingerprint{}), effects, fingerprint_of(path)};
        if (copied_ == wanted && wanted.copy) {
            export_.rest();
            return {WriteOutcome::already, {}, {}};
        }
        try {
            return write_copy(path, effects, guard);
        } catch (Error const& e) {
            return {WriteOutcome::failed, e.what(), std::chrono::seconds{1}};
        }
    }

    // The copy is made without the lock, which nobody should have to wait for that long; becoming visible is the effect.
    WriteResult write_copy(std::string const& path, EffectsLog::Mark const& effects, WriteGuard const& guard) {
        auto const snapshot = export_.open();
        TemporaryFile temporary{path, snapshot.file.mode()};
        write_labelled_copy(
            snapshot, [this](IssueRef const& ref) { return log_->of(ref); }, temporary.file());
        temporary.file().sync();
        if (!snapshot.intact()) throw Error{ErrorCode::failure, export_.path() + ": changed while it was copied"};
        auto result = log_->publish(guard, [&] { temporary.become_destination(); });
        if (result.outcome != WriteOutcome::done) return result;
        copied_ = CopyState{snapshot.index->fingerprint, effects, fingerprint_of(path)};
        if (auto const bad = log_->bad_lines(); bad > 0)
            result.detail =
                effects_path(export_.path()) + ": " + std::to_string(bad) + (bad == 1 ? " line is" : " lines are") + " no effect";
        return result;
    }

    asio::thread_pool& pool_;
    Export export_;
    std::shared_ptr<EffectsLog> const log_;
    std::mutex copy_mutex_;  // protects copied_, and keeps two copies from being made at once
    std::optional<CopyState> copied_;
};

}  // namespace

std::unique_ptr<Tracker> make_file_tracker(Options options) { return std::make_unique<FileTracker>(std::move(options)); }

std::string effects_path(std::string const& path) { return path + ".groomer.jsonl"; }

std::string labelled_path(std::string const& path) {
    constexpr std::string_view extension = ".json";
    return (path.ends_with(extension) ? path.substr(0, path.size() - extension.size()) : path) + ".labelled.json";
}

}  // namespace groomer::tracker::file
