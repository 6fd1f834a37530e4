// The shapes that a text in the configuration may have, each with the words for people and the pattern for the schema.
#pragma once

#include <string>
#include <string_view>

namespace groomer::config {

struct Form {
    std::string_view allowed;  // continues "… is not"
    std::string_view pattern;  // ECMA 262, never stricter than valid(); empty: none
    bool (*valid)(std::string_view);
};

extern Form const label_form, optional_label_form, lock_id_form, database_form, listen_form, http_url_form, repository_form, line_form,
    path_form, one_line_secret_form, rotating_secret_form, private_key_form;

// The same connection string with every password in it replaced by ***.
std::string redact_url(std::string_view url);

// The provider's own address.
std::string_view default_base_url(std::string_view provider);

}  // namespace groomer::config
