// What anybody who knows the secret sends as a webhook of GitHub's. The input: the kind of event, on a line, and the body.
#include "api/webhook.hpp"
#include "base/digest.hpp"
#include "base/text.hpp"
#include "fuzz/fuzz.hpp"

#include <algorithm>
#include <string>

int LLVMFuzzerTestOneInput(std::uint8_t const* data, std::size_t size) {
    using namespace groomer;
    auto body = fuzz::text_of(data, size);
    auto const kind = fuzz::take_line(body);
    auto const understood = api::understand(kind, body);
    if (auto const& event = understood.event) {
        fuzz::check(understood.wrong.empty(), "what is understood is not wrong");
        fuzz::check(event->issue >= 0 && (event->issue == 0 || !event->repo.empty()), "an issue is one of a repository");
        fuzz::check(event->issue > 0 || event->sync, "an event asks for something");
        for (auto const* text : {&event->repo, &event->former, &event->sender})
            fuzz::check(is_utf8(*text) && std::none_of(text->begin(), text->end(), [](char c) { return c == '\0' || c == '\n'; }),
                        "names are one line of UTF-8");
    }
    auto const signature = "sha256=" + hmac_sha256_hex(kind.empty() ? "secret" : kind, body);
    fuzz::check(kind.find('\r') != std::string_view::npos || api::is_signed(signature, body, kind.empty() ? "secret" : kind),
                "what is signed is taken");
    fuzz::check(!api::is_signed(body, kind, "another secret"), "what is not signed is refused");
    return 0;
}
