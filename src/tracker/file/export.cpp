#include "tracker/file/export.hpp"

#include "base/error.hpp"
#include "base/text.hpp"
#include "tracker/issue_json.hpp"
#include "tracker/scanner.hpp"

#include <boost/json/stream_parser.hpp>

#include <fcntl.h>

#include <algorithm>
#include <functional>
#include <limits>
#include <numeric>
#include <tuple>
#include <unordered_map>

namespace groomer::tracker::file {
namespace {

constexpr std::size_t chunk_size = 256 * 1024;

// What GitHub said, where the file holds its answer instead of a list of issues; "" if it is something else.
std::string github_message(File const& file, std::uint64_t offset) {
    auto const text = file.read(offset, 64 * 1024);
    boost::json::stream_parser parser;
    boost::json::error_code error;
    parser.write_some(text.data(), text.size(), error);
    if (error || !parser.done()) return {};
    auto const value = parser.release();
    auto const* message = value.is_object() ? value.as_object().if_contains("message") : nullptr;
    if (!message || !message->is_string()) return {};
    auto said = clean_text({message->as_string().data(), message->as_string().size()});
    std::replace_if(
        said.begin(), said.end(), [](char c) { return c == '\n' || c == '\r' || c == '\t'; }, ' ');
    return " (GitHub said: " + std::string{truncate_utf8(said, 200)} + ")";
}

class IndexBuilder {
public:
    IndexBuilder(File const& file, std::string_view entry_name) : file_{file}, entry_name_{entry_name}, scanner_{file.path()} {}

    Index build() {
        index_.fingerprint = file_.fingerprint();
        try {
            scan();
        } catch (NotAList const& e) {
            throw Error{ErrorCode::failure, e.what() + github_message(file_, e.offset())};
        }
        sort();
        index_.skipped_example = first_skipped_.why;
        if (index_.entries.empty() && index_.skipped > 0 && !any_pull_request_)
            throw Error{ErrorCode::failure,
                        first_skipped_.why + "; no entry of the file can be used: is it what `gh api` writes for issues?"};
        if (file_.fingerprint() != index_.fingerprint) throw Error{ErrorCode::failure, file_.path() + ": changed while it was read"};
        return std::move(index_);
    }

private:
    struct Skipped {
        std::uint64_t offset = std::numeric_limits<std::uint64_t>::max();
        std::string why;
    };
    struct Place {
        std::uint32_t line, column;
    };

    void scan() {
        auto const on_element = [this](Element const& element) { take(element); };
        do {
            file_.read(chunk_at_, chunk_size, chunk_);
            index_.hash = (index_.hash ^ std::hash<std::string>{}(chunk_)) * 0x9E3779B97F4A7C15ULL;
            scanner_.feed(chunk_, on_element);
            chunk_at_ += chunk_.size();
        } while (chunk_.size() == chunk_size);
        scanner_.finish();
    }

    void take(Element const& element) {
        if (element.length > max_element) return skip(element, "larger than 8 MiB");
        if (element.too_deep) return skip(element, "nested deeper than 64 levels");
        try {
            auto const identity = identify(parse_element(bytes(element)), entry_name_);
            if (auto const* unusable = std::get_if<Unusable>(&identity)) return skip(element, unusable->why);
            if (auto const* ref = std::get_if<IssueRef>(&identity)) add(element, *ref);
            else any_pull_request_ = true;
        } catch (BrokenJson const& e) {
            fail(element, e);
        } catch (Error const& e) {
            skip(element, e.what());
        }
    }

    [[noreturn]] void fail(Element const& element, BrokenJson const& error) {
        auto const before = bytes(element).substr(0, error.offset());
        auto const lines = static_cast<std::uint64_t>(std::count(before.begin(), before.end(), '\n'));
        auto const column = lines == 0 ? element.column + before.size() : before.size() - before.rfind('\n');
        throw Error{ErrorCode::failure, place(element.line + lines, column) + error.what()};
    }

    void add(Element const& element, IssueRef const& ref) {
        // As GitHub has it, case tells no repositories apart; the first spelling stays.
        auto const [repo, is_new] = repos_.try_emplace(to_lower(ref.repo), static_cast<std::uint32_t>(index_.repos.size()));
        if (is_new) index_.repos.push_back(ref.repo);
        index_.entries.push_back({element.offset, ref.number, static_cast<std::uint32_t>(element.length), repo->second});
        auto const narrow = [](std::uint64_t n) { return static_cast<std::uint32_t>(std::min<std::uint64_t>(n, UINT32_MAX)); };
        places_.push_back({narrow(element.line), narrow(element.column)});
    }

    // Most elements lie inside the chunk at hand; the others are read once more, whole.
    std::string_view bytes(Element const& element) {
        if (element.offset >= chunk_at_) return std::string_view{chunk_}.substr(element.offset - chunk_at_, element.length);
        file_.read(element.offset, element.length, whole_);
        return whole_;
    }

    void skip(Element const& element, std::string const& why) { skip(element.offset, element.line, element.column, why); }

    void skip(std::uint64_t offset, std::uint64_t line, std::uint64_t column, std::string const& why) {
        ++index_.skipped;
        if (offset >= first_skipped_.offset) return;
        first_skipped_ = {offset, place(line, column) + why};
    }

    [[nodiscard]] std::string place(std::uint64_t line, std::uint64_t column) const {
        return file_.path() + ":" + std::to_string(line) + ":" + std::to_string(column) + ": ";
    }

    // Orders the entries by reference and drops the later ones of a number that comes twice.
    void sort() {
        auto& entries = index_.entries;
        auto const order = [&] {
            index_.by_ref.resize(entries.size());
            std::iota(index_.by_ref.begin(), index_.by_ref.end(), 0U);
            std::sort(index_.by_ref.begin(), index_.by_ref.end(), [&](auto a, auto b) {
                return std::tie(entries[a].repo, entries[a].number, a) < std::tie(entries[b].repo, entries[b].number, b);
            });
        };
        order();
        bool twice = false;
        for (std::size_t i = 1; i < index_.by_ref.size(); ++i) {
            auto const last = index_.by_ref[i - 1], at = index_.by_ref[i];
            if (entries[last].repo != entries[at].repo || entries[last].number != entries[at].number) continue;
            skip(entries[at].offset, places_[at].line, places_[at].column, to_string(index_.ref(entries[at])) + " was there before");
            twice = true;
            index_.by_ref[i] = last;
            entries[at].length = 0;
        }
        if (twice) {
            std::erase_if(entries, [](Index::Entry const& e) { return e.length == 0; });
            order();
        }
        entries.shrink_to_fit();
    }

    File const& file_;
    std::string_view entry_name_;
    Scanner scanner_;
    Index index_;
    std::unordered_map<std::string, std::uint32_t> repos_;
    std::vector<Place> places_;
    Skipped first_skipped_;
    bool any_pull_request_ = false;
    std::uint64_t chunk_at_ = 0;
    std::string chunk_;
    std::string whole_;
};

}  // namespace

Index::Entry const* Index::find(IssueRef const& wanted) const {
    auto const repo =
        std::find_if(repos.begin(), repos.end(), [name = to_lower(wanted.repo)](auto const& other) { return to_lower(other) == name; });
    if (repo == repos.end()) return nullptr;
    std::pair const key{static_cast<std::uint32_t>(repo - repos.begin()), wanted.number};
    auto const less = [&](std::uint32_t at, auto const& k) { return std::pair{entries[at].repo, entries[at].number} < k; };
    auto const found = std::lower_bound(by_ref.begin(), by_ref.end(), key, less);
    if (found == by_ref.end()) return nullptr;
    auto const& entry = entries[*found];
    return std::pair{entry.repo, entry.number} == key ? &entry : nullptr;
}

Index build_index(File const& file, std::string_view entry_name) { return IndexBuilder{file, entry_name}.build(); }

Issue Snapshot::issue(Index::Entry const& entry) const {
    auto const value = parse_element(element(entry));
    if (!value.is_object()) throw Error{ErrorCode::failure, file.path() + ": changed while it was read"};
    return to_issue(value.as_object(), index->ref(entry));
}

Snapshot Export::open() {
    auto file = File::open(path_, O_RDONLY);
    auto const now = file.fingerprint();
    std::lock_guard const lock{mutex_};
    used_ = true;
    if (!index_ || index_->fingerprint != now) {
        index_.reset();
        index_ = std::make_shared<Index const>(build_index(file, entry_name_));
    }
    return {std::move(file), index_};
}

void Export::rest() {
    std::lock_guard const lock{mutex_};
    if (!used_) index_.reset();
    used_ = false;
}

void Export::fail_changing() const {
    throw Error{ErrorCode::failure, path_ + ": keeps changing while it is read; it is tried again later"};
}

}  // namespace groomer::tracker::file
