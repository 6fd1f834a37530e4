// Who may do what: tokens of people, GitHub Apps and their installations. Pure.
#pragma once

#include "fake_github/time.hpp"

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace groomer::fake_github {

enum class Right : std::uint8_t { none, read, write };
enum class TokenKind : std::uint8_t { classic, fine_grained, installation };

struct Token {
    TokenKind kind = TokenKind::classic;
    std::string login;
    std::vector<std::string> scopes = {"repo"};  // of a classic one
    Right everywhere = Right::write;             // public repositories can be read without any
    std::map<std::int64_t, Right> at = {};       // repository's id → instead of `everywhere`
    std::optional<Time> expires = {};
    std::int64_t installation = 0;
    std::int64_t app = 0;

    [[nodiscard]] Right right(std::int64_t repository) const;
};

struct App {
    std::int64_t id = 0;
    std::string slug = "groomer";  // its account is "<slug>[bot]"
    std::string public_key;        // PEM
    std::string client_id = {};    // accepted as issuer, too
};

struct Installation {
    std::int64_t id = 0;
    std::int64_t app = 0;
    std::string account;
    std::map<std::int64_t, Right> repositories = {};
    std::map<std::string, std::string> permissions = {{"issues", "write"}, {"metadata", "read"}};
    bool suspended = false;
    std::chrono::seconds lifetime{3600};  // of its tokens
};

class Access {
public:
    void add_token(std::string const& value, Token token) { tokens_[value] = std::move(token); }
    void revoke(std::string const& value) { tokens_.erase(value); }
    void revoke_all() { tokens_.clear(); }
    void add_app(App app) { apps_[app.id] = std::move(app); }
    void add_installation(Installation installation) { installations_[installation.id] = std::move(installation); }
    [[nodiscard]] Installation* installation(std::int64_t id);
    [[nodiscard]] App const* app(std::int64_t id) const;
    [[nodiscard]] std::map<std::int64_t, Installation> const& installations() const { return installations_; }

    // The value of an Authorization header: "Bearer X" or "token X". Nothing where nobody has it (any longer).
    [[nodiscard]] Token const* token(std::string_view authorization, Time now) const;
    // A new token of the installation, as value.
    std::string issue_token(Installation const& installation, Time now);
    [[nodiscard]] std::size_t issued() const { return issued_; }

    // The App that a JWT proves, or GitHub's sentence of refusal.
    struct Proven {
        App const* app = nullptr;
        std::string refusal;
    };
    [[nodiscard]] Proven prove(std::string_view authorization, Time now) const;

private:
    std::map<std::string, Token, std::less<>> tokens_;
    std::map<std::int64_t, App> apps_;
    std::map<std::int64_t, Installation> installations_;
    std::size_t issued_ = 0;
};

// What follows "Bearer " or "token ".
std::string_view credential(std::string_view authorization);

}  // namespace groomer::fake_github
