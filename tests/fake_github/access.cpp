#include "fake_github/access.hpp"

#include "base/text.hpp"
#include "fake_github/jwt.hpp"

#include <algorithm>

namespace groomer::fake_github {
namespace {

namespace json = boost::json;

constexpr Seconds longest_jwt = 600, drift = 60;

std::optional<std::int64_t> whole_number(json::object const& claims, std::string_view name) {
    auto const* value = claims.if_contains(name);
    if (!value || (!value->is_int64() && !value->is_double())) return std::nullopt;
    return value->is_int64() ? value->get_int64() : static_cast<std::int64_t>(value->get_double());
}

std::string text_of(json::object const& claims, std::string_view name) {
    auto const* value = claims.if_contains(name);
    if (value && value->is_int64()) return std::to_string(value->get_int64());
    return value && value->is_string() ? std::string{value->get_string()} : std::string{};
}

// GitHub's sentences.
std::string refusal_of_times(json::object const& claims, Seconds now) {
    auto const issued = whole_number(claims, "iat"), expires = whole_number(claims, "exp");
    if (!issued || *issued > now + drift)
        return "'Issued at' claim ('iat') must be an Integer representing the time that the assertion was issued";
    if (!expires || *expires <= now)
        return "'Expiration time' claim ('exp') must be a numeric value representing the future time at which the assertion expires";
    if (*expires - std::min(*issued, now) > longest_jwt + drift || *expires > now + longest_jwt)
        return "'Expiration time' claim ('exp') is too far in the future";
    return {};
}

}  // namespace

Right Token::right(std::int64_t repository) const {
    auto const found = at.find(repository);
    return found == at.end() ? everywhere : found->second;
}

Installation* Access::installation(std::int64_t id) {
    auto const found = installations_.find(id);
    return found == installations_.end() ? nullptr : &found->second;
}

App const* Access::app(std::int64_t id) const {
    auto const found = apps_.find(id);
    return found == apps_.end() ? nullptr : &found->second;
}

std::string_view credential(std::string_view authorization) {
    auto const space = authorization.find(' ');
    if (space == std::string_view::npos) return {};
    auto const scheme = to_lower(authorization.substr(0, space));
    return scheme == "bearer" || scheme == "token" ? authorization.substr(space + 1) : std::string_view{};
}

Token const* Access::token(std::string_view authorization, Time now) const {
    auto const found = tokens_.find(credential(authorization));
    if (found == tokens_.end() || (found->second.expires && *found->second.expires <= now)) return nullptr;
    return &found->second;
}

std::string Access::issue_token(Installation const& installation, Time now) {
    Token token;
    token.kind = TokenKind::installation;
    auto const* owner = app(installation.app);
    token.login = (owner ? owner->slug : "app") + "[bot]";
    token.everywhere = Right::none;
    token.at = installation.repositories;
    auto const issues = installation.permissions.find("issues");
    if (issues == installation.permissions.end() || issues->second != "write")
        for (auto& [repository, right] : token.at) right = std::min(right, Right::read);
    token.expires = now + installation.lifetime;
    token.installation = installation.id;
    token.app = installation.app;
    auto value = "ghs_fake" + std::to_string(installation.id) + "x" + std::to_string(++issued_);
    add_token(value, std::move(token));
    return value;
}

Access::Proven Access::prove(std::string_view authorization, Time now) const {
    auto const token = credential(authorization);
    auto const claims = jwt_claims(token);
    if (!claims) return {nullptr, "A JSON web token could not be decoded"};
    auto const issuer = text_of(*claims, "iss");
    if (issuer.empty()) return {nullptr, "'Issuer' claim ('iss') must be an Integer"};
    auto const found = std::find_if(apps_.begin(), apps_.end(), [&](auto const& entry) {
        return std::to_string(entry.first) == issuer || (!entry.second.client_id.empty() && entry.second.client_id == issuer);
    });
    if (found == apps_.end()) return {nullptr, "Integration not found"};
    if (!jwt_signed_by(token, found->second.public_key)) return {nullptr, "A JSON web token could not be decoded"};
    if (auto refusal = refusal_of_times(*claims, seconds_of(now)); !refusal.empty()) return {nullptr, std::move(refusal)};
    return {&found->second, {}};
}

}  // namespace groomer::fake_github
