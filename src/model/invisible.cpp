#include "model/invisible.hpp"

#include <algorithm>
#include <array>
#include <cstdint>

namespace groomer::model {
namespace {

struct Range {
    std::uint32_t first, last;
};

constexpr std::array<Range, 16> invisible{{{0xAD, 0xAD},
                                           {0x34F, 0x34F},
                                           {0x600, 0x605},
                                           {0x61C, 0x61C},
                                           {0x115F, 0x1160},
                                           {0x17B4, 0x17B5},
                                           {0x180B, 0x180F},
                                           {0x200B, 0x200F},
                                           {0x202A, 0x202E},
                                           {0x2060, 0x206F},
                                           {0x3164, 0x3164},
                                           {0xFEFF, 0xFEFF},
                                           {0xFFF0, 0xFFFB},
                                           {0x1BCA0, 0x1BCA3},
                                           {0x1D173, 0x1D17A},
                                           {0xE0000, 0xE0FFF}}};

// Of the character that begins with this byte.
std::size_t length(unsigned char first) { return first < 0x80 ? 1 : first < 0xE0 ? 2 : first < 0xF0 ? 3 : 4; }

std::uint32_t decode(std::string_view bytes) {
    constexpr std::array<std::uint32_t, 5> first_bits{0, 0x7F, 0x1F, 0x0F, 0x07};
    auto value = static_cast<unsigned char>(bytes.front()) & first_bits[bytes.size()];
    for (char const byte : bytes.substr(1)) value = value << 6 | (static_cast<unsigned char>(byte) & 0x3FU);
    return value;
}

}  // namespace

bool is_invisible(char32_t character) {
    auto const next =
        std::upper_bound(invisible.begin(), invisible.end(), character, [](char32_t c, Range const& r) { return c < r.first; });
    return next != invisible.begin() && character <= std::prev(next)->last;
}

std::string without_invisible(std::string_view text) {
    std::string out;
    out.reserve(text.size());
    while (!text.empty()) {
        auto const character = text.substr(0, length(static_cast<unsigned char>(text.front())));
        if (character.size() == 1 || !is_invisible(decode(character))) out += character;
        text.remove_prefix(character.size());
    }
    return out;
}

}  // namespace groomer::model
