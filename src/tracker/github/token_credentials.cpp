#include "base/error.hpp"
#include "tracker/github/credentials.hpp"

#include <algorithm>
#include <utility>

namespace groomer::tracker::github {
namespace {

class TokenCredentials final : public Credentials {
public:
    explicit TokenCredentials(std::function<std::string()> token) : token_{std::move(token)} {}

    Task<std::string> authorization() override { co_return header(); }

    bool refused(std::string const& authorization) override { return header() != authorization; }

    SelfQuestion who_am_i() override {
        return {header().empty() ? std::nullopt : std::optional{Route::user}, [this] { return header(); }, 0};
    }

private:
    [[nodiscard]] std::string header() const {
        auto token = token_ ? token_() : std::string{};
        auto const begin = std::min(token.find_first_not_of(" \t\r\n"), token.size());
        auto const end = token.find_last_not_of(" \t\r\n") + 1;
        if (begin >= end) return {};
        token = token.substr(begin, end - begin);
        // A second line, or what an editor put there, would become a header of its own making.
        auto const plain = [](char c) { return c > ' ' && c < '\x7f'; };
        if (!std::all_of(token.begin(), token.end(), plain))
            throw Error{ErrorCode::credentials, "github.token_file holds more than a token: white space or characters that no token has"};
        return "Bearer " + token;
    }

    std::function<std::string()> const token_;
};

}  // namespace

std::shared_ptr<Credentials> make_token_credentials(std::function<std::string()> token) {
    return std::make_shared<TokenCredentials>(std::move(token));
}

}  // namespace groomer::tracker::github
