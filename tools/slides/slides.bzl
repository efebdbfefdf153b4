"""slides(): the decks of the workshop, as pages, as PDF, as a schedule, and tested."""

_PUBLIC = ["//visibility:public"]
_NODE = "//tools/npm:node.sh"

def _node(script):
    """Returns the shell's words that run a script of //tools/slides."""
    return "$(location {}) $(location //tools/slides:{})".format(_NODE, script)

def slides(name, decks, theme, plans, pictures = []):
    """Declares what is made of the decks.

        NAME          a page of each deck, and index.html
        schedule      schedule.txt: how long all of it takes
        pdf           a PDF of each deck
        browser_test  looks at every slide in a browser
        decks         the Markdown itself

    Nothing of it is needed for a lesson; only building it needs Node.js.

    Args:
      name: of the pages.
      decks: Markdown files. One that is named NN_concept.md goes with that lesson.
      theme: theme.css.
      plans: schedule.json, which decks and exercises fit into a day.
      pictures: what only slides show.
    """
    stems = [deck[:-len(".md")] for deck in decks]
    lessons = [stem for stem in stems if stem[0].isdigit()]

    # What a slide may show.
    native.filegroup(
        name = "shown",
        srcs = [
            "//{}/{}:slide_files".format(side, lesson)
            for side in ["lessons", "solutions"]
            for lesson in lessons
        ] + [
            "//proto:slide_files",
            "//support:slide_files",
        ],
    )
    native.genrule(
        name = "lessons",
        srcs = [":shown"],
        outs = ["lessons.json"],
        cmd = "$(location //tools/slides:lessons) {} > $@".format(" ".join([
            "lessons/{}/lesson.textproto".format(lesson)
            for lesson in lessons
        ])),
        tools = ["//tools/slides:lessons"],
    )
    native.genrule(
        name = "pages",
        srcs = decks + pictures + [
            ":lessons.json",
            ":shown",
            plans,
            theme,
        ],
        outs = [stem + ".html" for stem in stems] + [
            "index.html",
            "schedule.txt",
        ],
        cmd = "{} $(RULEDIR) $(location :lessons.json) {}".format(
            _node("build.mjs"),
            " ".join(["$(location {})".format(deck) for deck in decks]),
        ),
        message = "Making slides",
        tools = [
            _NODE,
            "//tools/slides:build.mjs",
            "//tools/slides:scripts",
        ],
    )
    native.filegroup(
        name = name,
        srcs = [stem + ".html" for stem in stems] + ["index.html"],
        visibility = _PUBLIC,
    )
    native.filegroup(
        name = "schedule",
        srcs = ["schedule.txt"],
        visibility = _PUBLIC,
    )
    native.genrule(
        name = "pdf",
        srcs = [stem + ".html" for stem in stems],
        outs = [stem + ".pdf" for stem in stems],
        cmd = _node("pdf.mjs") + " $(RULEDIR) $(SRCS)",
        message = "Printing slides",
        # Not with //...: the tests look at the pages.
        tags = ["manual"],
        tools = [
            _NODE,
            "//tools/slides:pdf.mjs",
            "//tools/slides:scripts",
        ],
    )
    native.sh_test(
        name = "browser_test",
        size = "medium",
        srcs = [_NODE],
        args = ["tools/slides/browser_test.mjs", "slides/index.html"] + ["slides/{}.html".format(stem) for stem in stems],
        data = [
            ":" + name,
            ":shown",
            theme,
            "//tools/slides:scripts",
        ],
    )
    native.filegroup(
        name = "decks",
        srcs = decks,
        visibility = _PUBLIC,
    )
