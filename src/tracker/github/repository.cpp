#include "tracker/github/repository.hpp"

#include "base/text.hpp"

#include <chrono>
#include <utility>

namespace groomer::tracker::github {
namespace {

std::string path_of(std::string_view name) {
    auto const slash = name.find('/');
    if (slash == std::string_view::npos) return percent_encoded(name);
    return percent_encoded(name.substr(0, slash)) + "/" + percent_encoded(name.substr(slash + 1));
}

}  // namespace

std::string percent_encoded(std::string_view text) {
    constexpr std::string_view digits = "0123456789ABCDEF";
    std::string out;
    for (char const c : text) {
        bool const plain =
            (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '-' || c == '.' || c == '_' || c == '~';
        if (plain) {
            out += c;
            continue;
        }
        auto const byte = static_cast<unsigned char>(c);
        out += {'%', digits[byte >> 4U], digits[byte & 15U]};
    }
    return out;
}

Repository::Repository(std::shared_ptr<Api> api, std::string name)
    : api_{std::move(api)}, name_{std::move(name)}, source_{api_->url("/repos/" + path_of(name_))}, base_{source_} {}

std::string Repository::issue_url(std::int64_t number, std::string_view path) const {
    return url("/issues/" + std::to_string(number) + std::string{path});
}

void Repository::moved_to(std::string_view answered) {
    auto const path = answered.substr(0, answered.find('?'));
    constexpr std::string_view list = "/issues";
    if (!path.ends_with(list) || !same_origin(answered, source_)) return;
    base_ = path.substr(0, path.size() - list.size());
}

bool Repository::forget_move() { return std::exchange(base_, source_) != source_; }

bool Repository::is_configured_as(std::string_view repo) const { return to_lower(repo) == to_lower(name_); }

Task<bool> Repository::is_called(std::string repo) {
    repo = to_lower(repo);
    if (repo == to_lower(name_) || repo == full_name_) co_return true;
    auto const now = api_->clock().now();
    if (asked_at_ && now - *asked_at_ < std::chrono::minutes{1}) co_return false;
    Call call{Route::repository, source_};
    auto sending = api_->send(std::move(call));
    auto const answer = co_await std::move(sending);
    if (answer.kind != Answer::Kind::ok) fail(answer, name_ + " cannot be read");
    asked_at_ = now;
    if (auto const name = parse_full_name(answer.body)) full_name_ = to_lower(*name);
    co_return repo == full_name_;
}

}  // namespace groomer::tracker::github
