#include "tracker/file/effects_log.hpp"

#include "base/error.hpp"
#include "base/text.hpp"

#include <boost/asio/associated_executor.hpp>

#include <fcntl.h>

#include <algorithm>
#include <iterator>
#include <map>
#include <tuple>
#include <utility>

namespace groomer::tracker::file {
namespace {

constexpr std::size_t chunk_size = 256 * 1024;
constexpr std::size_t longest_line = 64 * 1024;
constexpr std::size_t tail_size = 256;
constexpr std::chrono::milliseconds retry_after{1000};

WriteResult failed(std::string detail) { return {WriteOutcome::failed, std::move(detail), retry_after}; }

WriteResult fenced(std::int64_t newest) { return {WriteOutcome::fenced, "term " + std::to_string(newest) + " has written already", {}}; }

WriteResult not_allowed() { return {WriteOutcome::withheld, "this replica may not act now", {}}; }

// Changes that are decided but not yet in the log.
using Overlay = std::map<std::tuple<std::string_view, std::int64_t, std::string_view>, bool>;

}  // namespace

EffectsLog::EffectsLog(std::string path, asio::thread_pool& pool, std::shared_ptr<Stats> stats, std::chrono::milliseconds lock_patience)
    : path_{std::move(path)}, pool_{pool}, stats_{stats ? std::move(stats) : std::make_shared<Stats>()}, lock_patience_{lock_patience} {}

Task<std::vector<WriteResult>> EffectsLog::write(IssueRef ref, std::vector<LabelChange> changes, WriteGuard guard) {
    std::vector<WriteResult> none;
    if (changes.empty()) co_return none;
    auto initiate = [this](auto handler, std::vector<Request> requests) {
        auto shared = std::make_shared<decltype(handler)>(std::move(handler));
        // They come in one batch, whose results one thread hands out.
        auto const results = std::make_shared<std::vector<WriteResult>>();
        for (auto& request : requests)
            request.complete = [shared, results, all = requests.size()](WriteResult result) {
                results->push_back(std::move(result));
                if (results->size() < all) return;
                auto resume = [shared, results] { std::move (*shared)(std::exception_ptr{}, std::move(*results)); };
                asio::dispatch(asio::get_associated_executor(*shared), std::move(resume));
            };
        submit(std::move(requests));
    };
    std::vector<Request> requests;
    for (auto& change : changes) requests.push_back({ref, std::move(change), guard, {}, {}});
    co_return co_await asio::async_initiate<decltype(asio::use_awaitable), void(std::exception_ptr, std::vector<WriteResult>)>(
        initiate, asio::use_awaitable, std::move(requests));
}

void EffectsLog::submit(std::vector<Request> requests) {
    std::lock_guard const lock{queue_mutex_};
    queue_.insert(queue_.end(), std::make_move_iterator(requests.begin()), std::make_move_iterator(requests.end()));
    // The drain outlives the caller's interest, and maybe the tracker: it keeps the log alive itself.
    if (!std::exchange(draining_, true)) asio::post(pool_, [self = shared_from_this()] { self->drain(); });
}

// Whatever is asked while one batch is made durable goes into the next.
void EffectsLog::drain() {
    for (;;) {
        std::vector<Request> batch;
        {
            std::lock_guard const lock{queue_mutex_};
            batch.swap(queue_);
            draining_ = !batch.empty();
        }
        if (batch.empty()) return;
        flush(batch);
        for (auto& request : batch) request.complete(std::move(*request.result));
    }
}

void EffectsLog::flush(std::vector<Request>& batch) {
    std::string problem;
    try {
        auto file = lock();
        auto const size = catch_up(file);
        auto const lines = decide(batch);
        if (!lines.empty()) append(file, size, lines);
    } catch (std::exception const& e) {
        problem = e.what();
    }
    for (auto& request : batch) {
        // Where the batch failed, even "already" may have meant a line of that batch.
        bool const refused =
            request.result && (request.result->outcome == WriteOutcome::fenced || request.result->outcome == WriteOutcome::withheld);
        if (!problem.empty() && !refused) request.result = failed(problem);
        if (!request.result) request.result = WriteResult{};
    }
}

EffectsLog::Mark EffectsLog::refresh() {
    auto file = File::open_if_there(path_, O_RDONLY);
    if (file) catch_up(*file);
    std::lock_guard const lock{mutex_};
    if (!file) std::tie(effects_, mark_, tail_) = std::tuple{Effects{}, Mark{}, std::string{}};
    return mark_;
}

std::vector<LabelChange> EffectsLog::of(IssueRef const& ref) const {
    std::lock_guard const lock{mutex_};
    return effects_.of(ref);
}

std::size_t EffectsLog::bad_lines() const {
    std::lock_guard const lock{mutex_};
    return effects_.bad_lines();
}

WriteResult EffectsLog::publish(WriteGuard const& guard, std::function<void()> const& effect) {
    try {
        auto const file = lock();
        catch_up(file);
        std::unique_lock lock{mutex_};
        auto const newest = effects_.newest_term();
        lock.unlock();
        if (newest > guard.term) return fenced(newest);
        if (!guard.may_act()) return not_allowed();
        effect();
        return {};
    } catch (Error const& e) {
        return failed(e.what());
    }
}

// The log, locked, and still the one that the path names: it may be deleted or replaced while we wait.
File EffectsLog::lock() {
    for (int attempt = 0; attempt < 10; ++attempt) {
        auto file = File::open(path_, O_RDWR | O_APPEND | O_CREAT, 0644);
        if (!file.lock(lock_patience_)) throw Error{ErrorCode::failure, path_ + ": is locked by another process"};
        auto const there = fingerprint_of(path_);
        if (there && there->same_file(file.fingerprint())) return file;
    }
    throw Error{ErrorCode::failure, path_ + ": is replaced again and again"};
}

// Reads what is new up to the last newline: what follows it is being written, or was torn by a crash.
std::uint64_t EffectsLog::catch_up(File const& file) {
    std::lock_guard const lock{mutex_};
    auto const now = file.fingerprint();
    if (!continues(file, now)) std::tie(effects_, mark_, tail_) = std::tuple{Effects{}, Mark{now.device, now.inode, 0}, std::string{}};
    auto const bad_before = effects_.bad_lines();
    std::string chunk, line;
    bool overlong = false;
    for (auto at = mark_.offset;; at += chunk.size()) {
        file.read(at, chunk_size, chunk);
        if (chunk.empty()) break;
        std::string_view rest = chunk;
        for (auto end = rest.find('\n'); end != std::string_view::npos; end = rest.find('\n')) {
            line += rest.substr(0, end);
            overlong || line.size() > longest_line ? effects_.count_bad_line() : effects_.apply(line);
            rest.remove_prefix(end + 1);
            line.clear();
            overlong = false;
            mark_.offset = at + (chunk.size() - rest.size());
        }
        line += rest;
        overlong = overlong || line.size() > longest_line;
        if (overlong) line.clear();
    }
    auto const kept = std::min<std::uint64_t>(mark_.offset, tail_size);
    tail_ = file.read(mark_.offset - kept, kept);
    stats_->bad_lines += effects_.bad_lines() - bad_before;
    return mark_.offset;
}

bool EffectsLog::continues(File const& file, Fingerprint const& now) const {
    if (now.device != mark_.device || now.inode != mark_.inode || now.size < mark_.offset) return false;
    return file.read(mark_.offset - tail_.size(), tail_.size()) == tail_;
}

// What has to be written, after every request that needs nothing has got its result. The guards are asked last, all of
// them at once; a request that falls away may change what the later ones need, so then it is decided anew.
std::string EffectsLog::decide(std::vector<Request>& batch) const {
    auto const at = format_time(std::chrono::system_clock::now());
    std::lock_guard const lock{mutex_};
    for (;;) {
        std::string lines;
        Overlay overlay;
        std::vector<Request*> writers;
        std::vector<std::pair<Request*, WriteResult>> settled;
        auto newest = effects_.newest_term();
        for (auto& request : batch) {
            if (request.result) continue;
            auto const& [ref, change, guard, result, complete] = request;
            auto const pending = overlay.find({ref.repo, ref.number, change.label});
            bool const present = pending != overlay.end() ? pending->second : carries(change.from_export, effects_.last(ref, change.label));
            if (guard.term < newest) {
                settled.emplace_back(&request, fenced(newest));
            } else if (present == change.added) {
                settled.emplace_back(&request, WriteResult{WriteOutcome::already, {}, {}});
            } else {
                newest = guard.term;
                overlay[{ref.repo, ref.number, change.label}] = change.added;
                lines += effect_line(ref, change, guard.term, at);
                writers.push_back(&request);
            }
        }
        bool all_may = true;
        for (auto* writer : writers) {
            if (writer->guard.may_act()) continue;
            writer->result = not_allowed();
            all_may = false;
        }
        if (!all_may) continue;
        for (auto& [request, result] : settled) request->result = std::move(result);
        return lines;
    }
}

// All of it, durably, or none of it.
void EffectsLog::append(File& file, std::uint64_t size, std::string const& lines) {
    try {
        if (file.fingerprint().size > size) file.truncate(size);  // a line torn by a crash
        file.write(lines);
        file.sync();
        if (size == 0) sync_folder_of(path_);
    } catch (...) {
        file.truncate(size);
        throw;
    }
    ++stats_->syncs;
    stats_->effects += static_cast<std::uint64_t>(std::count(lines.begin(), lines.end(), '\n'));
    catch_up(file);
}

}  // namespace groomer::tracker::file
