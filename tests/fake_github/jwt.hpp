// JSON web tokens as GitHub Apps sign them: RS256. Pure, on OpenSSL.
#pragma once

#include <boost/json/object.hpp>

#include <optional>
#include <string>
#include <string_view>

namespace groomer::fake_github {

std::string base64url(std::string_view bytes);
std::optional<std::string> base64url_decoded(std::string_view text);

// The claims of a token whose header says RS256, not yet believed.
std::optional<boost::json::object> jwt_claims(std::string_view token);
// Whether the owner of the public key (PEM) signed it.
bool jwt_signed_by(std::string_view token, std::string const& public_key);

}  // namespace groomer::fake_github
