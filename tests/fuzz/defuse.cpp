// Free text of a model, which GitHub gets to read. The input: what the issue says up to a NUL, then the text.
#include "model/defuse.hpp"
#include "base/text.hpp"
#include "fuzz/fuzz.hpp"

int LLVMFuzzerTestOneInput(std::uint8_t const* data, std::size_t size) {
    using namespace groomer;
    using namespace groomer::model;
    auto const all = fuzz::text_of(data, size);
    auto const end = all.find('\0');
    auto const text = end == std::string_view::npos ? all : all.substr(end + 1);
    Permitted const permitted{{12, 345}, end == std::string_view::npos ? std::string_view{} : all.substr(0, end)};
    for (std::size_t const longest : {std::size_t{4000}, std::size_t{40}}) {
        auto const defused = defuse(text, permitted, longest);
        fuzz::check(defused.size() <= longest, "the text is as short as asked");
        fuzz::check(is_utf8(defused), "the text is UTF-8");
        fuzz::check(harmless(defused, permitted), "nothing is left that GitHub would take");
        fuzz::check(defuse(defused, permitted, longest) == defused, "defusing again changes nothing");
    }
    return 0;
}
