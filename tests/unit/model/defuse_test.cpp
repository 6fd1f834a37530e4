#include "model/defuse.hpp"

#include "base/text.hpp"

#include <gtest/gtest.h>

#include <random>

namespace groomer::model {
namespace {

constexpr std::string_view source =
    "It fails, see https://docs.example/guide?x=1#start and (https://docs.example/a_(b)). [log](https://logs.example/1 \"t\")\n"
    "<https://angle.example/x>, \"https://quoted.example\", https://github.com/o/r/issues/12, https://github.com/o/r/pull/99,\n"
    "www.docs.example/www. https://star.example/a*b https://brace.example/a}}b https://docs.example/K\xC3\xA4se "
    "https://wide.example/a\xE3\x80\x82";

Permitted permitted() { return {{12, 345}, source}; }

struct Case {
    std::string text, expected;
};

// Each by name, so that a failure tells which.
void expect(std::vector<Case> const& cases) {
    for (auto const& [text, expected] : cases) {
        auto const defused = defuse(text, permitted(), 4000);
        EXPECT_EQ(defused, expected) << text;
        EXPECT_EQ(defuse(defused, permitted(), 4000), defused) << text;
        EXPECT_TRUE(harmless(defused, permitted())) << text;
    }
}

TEST(Defuse, LeavesPlainSentencesAsTheyAre) {
    for (std::string const text :
         {"The page stays blank when the cache is cold; see #12 and GH-345.",
          "Steps:\n\n1. Start it\n2. Wait\n\n- one\n    - two\n\n> quoted\n\n**bold** and `code` and [x] done",
          "a < b, b > c, x <= 3, <3, 100% & more, AT&T, C:\\Users\\me, 5 # 3, # heading",
          "Gr\xC3\xBC\xC3\x9F"
          "e, \xE4\xBD\xA0\xE5\xA5\xBD\xE3\x80\x82 \xF0\x9F\x90\x9B 12345678 deadbeef 0x1f 3.14",
          "See https://docs.example/guide?x=1#start, (https://docs.example/a_(b)) and https://logs.example/1.",
          "https://angle.example/x https://quoted.example www.docs.example/www https://github.com/o/r/issues/12", "", "a"})
        expect({{text, text}});
}

TEST(Defuse, TakesTheSignFromMentions) {
    expect({{"@ann and @org/team, (@bob)", "ann and org/team, (bob)"},
            {"@@ann @@@ann", "ann ann"},
            {"\\@ann &#64;ann &#x40;ann &commat;ann &amp;commat;ann &amp;amp;#64;ann &#64&semi;ann", "ann ann ann ann ann ann ann"},
            {"\xEF\xBC\xA0"
             "ann \xEF\xB9\xAB"
             "ann @\xE2\x80\x8B"
             "ann",
             "ann ann ann"},
            {"ann@mail.example at @ 5 <ann@mail.example> mailto:ann@mail.example MAILTO:x",
             "ann at mail.example at at 5 ann at mail.example ann at mail.example x"},
            {"`@ann` _@ann_ **@ann**", "`ann` _ann_ **ann**"}});
}

TEST(Defuse, RemovesLinksThatTheIssueDoesNotHave) {
    expect({{"See https://evil.example/x.", "See (link removed)."},
            {"(https://evil.example)", "(link removed)"},
            {"HTTPS://evil.example ftp://e.example x://y git+ssh://h/p javascript://x",
             "(link removed) (link removed) (link removed) (link removed) (link removed)"},
            {"www.evil.example WWW.evil.example www. is", "(link removed) (link removed) www. is"},
            {"[here](https://evil.example \"t\") ![img](http://e.example/x.png)", "here img"},
            {"[the log](https://logs.example/1) [relative](../../x) [a](b)c", "the log (https://logs.example/1) relative a c"},
            {"[![badge](https://e.example/b)](https://e.example)", "badge"},
            {"[text][ref]\n\n[ref]: https://evil.example", "[text] [ref]\n\nref: (link removed)"},
            {"<https://evil.example> <https://angle.example/x> <javascript:alert(1)>",
             "(link removed) https://angle.example/x javascript:alert(1)"},
            {"Use http:// or https://.", "Use http: or https:."},
            {"[t](unclosed and ]( again", "t unclosed and again"}});
}

TEST(Defuse, KeepsOnlyTheVeryLinkOfTheIssue) {
    expect({{"https://docs.example/guide", "(link removed)"},
            {"https://docs.example/guide?x=1#start/more", "(link removed)"},
            {"https://docs.example", "(link removed)"},
            {"https://star.example/a https://docs.example/K https://brace.example/a", "(link removed) (link removed) (link removed)"},
            {"https://docs.example/K\xC3\xA4se", "https://docs.example/K\xC3\xA4se"},
            {"https://wide.example/a\xE3\x80\x82"
             "b",
             "https://wide.example/a \xE3\x80\x82"
             "b"},
            {"https://angle.example/x*y* https://angle.example/x<b>y</b>", "https://angle.example/x *y* https://angle.example/x y"},
            {"http://angle.example/x xhttps://angle.example/x", "(link removed) (link removed)"}});
}

TEST(Defuse, WhatBeginsInAWordIsNoLinkOfTheIssue) {
    Permitted const permitted{{}, "1https://a.example/x, xhttps://a.example/x and https://b.example/y"};
    EXPECT_EQ(defuse("https://a.example/x https://b.example/y", permitted, 1000), "(link removed) https://b.example/y");
    EXPECT_EQ(defuse("https://b.example/y", {{}, "https://a.example/?to=https://b.example/y"}, 1000), "(link removed)");
    EXPECT_EQ(defuse("https://b.example/y", {{}, "https://a.example/x|https://b.example/y"}, 1000), "https://b.example/y");
}

TEST(Defuse, KeepsReferencesOnlyToPermittedIssues) {
    expect({{"#12, (#345) #13 ##12 #012 #12a #123", "#12, (#345) 13 12 012 12a 123"},
            {"owner/repo#12 repo#12 x.#12 gh-12 GH-13 ugh-13 GH-#13", "owner/repo 12 repo 12 x.12 gh-12 GH 13 ugh-13 GH 13"},
            {"&#35;13 &num;13 \\#13 \xEF\xBC\x83"
             "13 #\xE2\x80\x8B"
             "13 #<!-- -->13",
             "13 13 13 13 13 13"},
            {"https://github.com/o/r/issues/12 https://github.com/o/r/pull/99 https://github.com/x/y/issues/12",
             "https://github.com/o/r/issues/12 (link removed) (link removed)"},
            {"since a1b2c3d4e5 and A1B2C3D, not 1234567, deadbeef or a1b2c3", "since a1b2c3 and A1B2C3, not 1234567, deadbeef or a1b2c3"},
            {"o/r@0123456789abcdef0123456789abcdef01234567", "o/r at 012345"}});
}

TEST(Defuse, LetsGitHubMarkNoDuplicate) {
    expect({{"Duplicate of #12", "Duplicate of issue #12"},
            {"duplicate  of\n@GH-12, DUPLICATE OF GH-12", "duplicate of\nissue GH-12, DUPLICATE OF issue GH-12"},
            {"Duplicate of https://github.com/o/r/issues/12", "Duplicate of issue https://github.com/o/r/issues/12"},
            {"Duplicate of #13 or of #12, a duplicate of the log", "Duplicate of 13 or of #12, a duplicate of the log"}});
    EXPECT_FALSE(harmless("Duplicate of #12", permitted()));
}

TEST(Defuse, RemovesHtmlMarkersAndFences) {
    expect({{"<b>bold</b> and <img src=x onerror=y>after", "bold and after"},
            {"one<br>two</p>.", "one two."},
            {"a <!-- groomer:summary --> b <!-- open", "a b open"},
            {"<<!-- -->!-- groomer --> <<b>script> x", "x"},
            {"ht<b></b>tps://evil.example w<i></i>ww.evil.example", "ht (link removed) w ww.evil.example"},
            {"&lt;script&gt;x&lt;/script&gt; &#60;b&#62; &eacute;", "x eacute"},
            {"if a <b then", "if a < b then"},
            {"```mermaid\ngraph\n```\nend ~~~~ x ``y``", "graph\n\nend x ``y``"},
            {"<details><summary>s</summary>t</details>", "s t"}});
}

TEST(Defuse, RemovesWhatCannotBeSeen) {
    expect({{std::string{"a\0b", 3} + "\x07" + "c\x1b[31m", "a b c [31m"},
            {"a\xE2\x80\xAE"
             "b\xE2\x81\xA6"
             "c\xEF\xBB\xBF"
             "d\xF3\xA0\x81\x81"
             "e\xC2\xAD"
             "f&#8203;g&shy;h",
             "abcdefgshyh"},
            {"\xFF"
             "a\xC3",
             "\xEF\xBF\xBD"
             "a\xEF\xBF\xBD"},
            {" \r\n a  \t b \r\n\r\n\r\n\r\nc\r d \xC2\xA0 e\n ", "a b\n\nc\n d e"},
            {"\\* \\\\ \\a \\\\b &\\#64;x", "* \\ \\a \\b 64x"}});
}

TEST(Defuse, CutsBetweenWords) {
    EXPECT_EQ(defuse("one two three", permitted(), 9), "one two");
    EXPECT_EQ(defuse("one two", permitted(), 7), "one two");
    EXPECT_EQ(defuse("see the log #345", permitted(), 15), "see the log") << "half a number is another issue";
    EXPECT_EQ(defuse("as in https://docs.example/guide?x=1#start", permitted(), 35), "as in (link removed)");
    EXPECT_EQ(defuse("\xE4\xBD\xA0\xE5\xA5\xBD\xE5\xA5\xBD", permitted(), 8), "\xE4\xBD\xA0\xE5\xA5\xBD");
    EXPECT_EQ(defuse("anything", permitted(), 0), "");
}

TEST(Defuse, LeavesOnlyWordsOfTrapsNestedDeeply) {
    std::string text = "@ann";
    for (int depth = 0; depth < 60; ++depth) text = "<b" + text + ">";
    auto const defused = defuse(text, permitted(), 4000);
    EXPECT_TRUE(harmless(defused, permitted()));
    EXPECT_EQ(defuse(defused, permitted(), 4000), defused);
}

TEST(Harmless, NamesWhatGitHubWouldTake) {
    for (std::string const text : {"@ann",
                                   "a@b.example",
                                   "x @org/team",
                                   "\xEF\xBC\xA0"
                                   "ann",
                                   "https://evil.example",
                                   "HTTP://e.example",
                                   "ftp://e",
                                   "www.evil.example",
                                   "_www.evil.example",
                                   "[a](b)",
                                   "![a](b)",
                                   "[a][b]",
                                   "[a]: b",
                                   "<b>",
                                   "</b>",
                                   "<!-- x -->",
                                   "<!--",
                                   "<?php",
                                   "#13",
                                   "(#13)",
                                   "##12",
                                   "#12a",
                                   "repo#12",
                                   "o/r#12",
                                   "GH-13",
                                   "gh-13",
                                   "#012",
                                   "a1b2c3d",
                                   "see a1b2c3d4e5f6.",
                                   "&#64;",
                                   "&commat;",
                                   "&lt;",
                                   "&#x40;",
                                   "\\@",
                                   "\\*",
                                   "```",
                                   "~~~",
                                   "a\x01",
                                   "a\xE2\x80\x8B",
                                   "a\xE2\x80\xAE",
                                   "a\xEF\xBB\xBF",
                                   "a\xF3\xA0\x81\x81",
                                   "a\xC2\x85",
                                   "\xFF",
                                   "mailto:a",
                                   "https://docs.example/guide",
                                   "https://docs.example/guide?x=1#start2",
                                   "https://docs.example",
                                   "https://star.example/a",
                                   "https://github.com/o/r/pull/99",
                                   "https://angle.example/x*y"})
        EXPECT_FALSE(harmless(text, permitted())) << text;
    EXPECT_FALSE(harmless(std::string{"a\0", 2}, permitted()));
}

// Texts made of what traps are made of, so that every pair of them meets.
std::string made_up_text(std::mt19937_64& random) {
    static std::vector<std::string> const parts{"@",
                                                "#",
                                                "1",
                                                "2",
                                                "345",
                                                "12",
                                                "<",
                                                ">",
                                                "/",
                                                "b",
                                                "!--",
                                                "-->",
                                                "--",
                                                "!",
                                                "[",
                                                "]",
                                                "(",
                                                ")",
                                                ":",
                                                "://",
                                                "http",
                                                "https",
                                                "www",
                                                ".",
                                                "w",
                                                "&",
                                                "amp",
                                                ";",
                                                "lt",
                                                "num",
                                                "commat",
                                                "semi",
                                                "64",
                                                "x40",
                                                "35",
                                                "\\",
                                                "`",
                                                "```",
                                                "~",
                                                "~~~",
                                                "GH",
                                                "-",
                                                "gh-",
                                                "owner/repo",
                                                "a1b2c3d",
                                                "deadbeef",
                                                "mailto",
                                                "xmpp",
                                                "ann",
                                                " ",
                                                "  ",
                                                "\n",
                                                "\r",
                                                "\t",
                                                "_",
                                                "*",
                                                "\"",
                                                "'",
                                                "?",
                                                "=",
                                                "\xE2\x80\x8B",
                                                "\xE2\x80\xAE",
                                                "\xEF\xBC\xA0",
                                                "\xEF\xBC\x83",
                                                "\xC3\xA4",
                                                "\xE3\x80\x82",
                                                "\xC2\xA0",
                                                "\xFF",
                                                std::string(1, '\0'),
                                                "docs.example",
                                                "https://docs.example/guide?x=1#start",
                                                "https://github.com/o/r/issues/12",
                                                "https://github.com/o/r/pull/99",
                                                "https://angle.example/x",
                                                "<b>",
                                                "](",
                                                "[^1]",
                                                "{",
                                                "}",
                                                "|",
                                                "^",
                                                "$"};
    std::string text;
    for (auto left = random() % 30; left > 0; --left) text += parts[random() % parts.size()];
    return text;
}

TEST(Defuse, MakesAnyTextHarmlessAndIsDoneAfterOnce) {
    std::mt19937_64 random{11};
    std::size_t harmful = 0;
    for (int round = 0; round < 60'000; ++round) {
        auto const text = made_up_text(random);
        std::size_t const longest = random() % 3 == 0 ? random() % 60 : 4000;
        auto const defused = defuse(text, permitted(), longest);
        ASSERT_LE(defused.size(), longest);
        ASSERT_TRUE(harmless(defused, permitted())) << text << "\n→ " << defused;
        ASSERT_EQ(defuse(defused, permitted(), longest), defused) << text;
        if (!harmless(text, permitted())) ++harmful;
    }
    EXPECT_GT(harmful, 40'000U) << "or there was little to do";
}

TEST(Defuse, TakesLongTextsInTime) {
    // Of links that begin everywhere, and of nothing else: a look at the whole from each of them would take hours.
    for (std::string const part : {"http://", "www.", "www.a ", "http://a*", "://", "/"}) {
        std::string repeated;
        while (repeated.size() < 4 * 1024 * 1024) repeated += part;
        EXPECT_EQ(defuse("See https://a.example/x.", {{}, repeated}, 1000), "See (link removed).") << part;
    }
    std::string const longest_source(1 << 20, '/');
    for (std::string const part :
         {"<b", "](", "[a](b)", "&", ";", "&semi", "@", "#1", "://", "a1b2c3d ", "```", "\\", "<!--", "[", "www.a.", "(", "a "}) {
        std::string text;
        while (text.size() < 256 * 1024) text += part;
        Permitted const none{{}, longest_source};
        auto const defused = defuse(text, none, 4000);
        EXPECT_LE(defused.size(), 4000U);
        EXPECT_TRUE(harmless(defused, none)) << part;
    }
}

}  // namespace
}  // namespace groomer::model
