"""What mail programs, validators and spam filters make of the letters, and where each requirement is held.

Every check runs on every letter of every theme under templates/ (letters.py): the demo's edition, a full one, a short
one, one full of Latin names, an English one, and one with a logo and the lead's picture; each is cut out of the message
as it goes over the wire. A test's name begins with the number of the requirement that it holds:

====  ======================================================  =====================================================
  1   lang and dir on html, body and wrapper                  test_html.r01
  2   every block's direction in a left-to-right host         test_shown.r02
  3   no element with both dir and padding                    test_html.r03
  4   no bdi, start, end, logical properties                  test_html.r04
  5   no space at the edge of an isolate                      test_html.r05
  6   figures, C++, signs and scores isolated                 test_shown.r06 (in Chromium), test_html.r06 (the text)
  7   caniemail                                               test_markup.r07, allowed.toml
  8   no sideways scroll                                      test_shown.r08
  9   layout tables are role=presentation                     test_html.r09
 10   one h1, no level left out                               test_html.r10
 11   pictures have words and sizes                           test_html.r11, test_shown.r11 (pictures off and on)
 12   axe, light and dark                                     test_shown.r12
 13   html-validate                                           test_markup.r13, allowed.toml
 14   16 px, line height 1.6                                  test_shown.r14 (at twice the size as well)
 15   !important still in media queries                       test_html.r15
 16   Outlook's blocks closed, with fonts                     test_html.r16
 17   dark rules, Outlook's too                               test_html.r17, test_shown.r17 (contrast)
 18   style blocks under 16 KB                                test_html.r18
 19   nothing left to fill in                                 test_html.r19
 20   the preheader                                           test_html.r20
 21   the size budget                                         test_html.r21, test_wire.r21
 22   text and HTML in base64, the text complete              test_wire.r22
 23   short lines                                             test_wire.r23
 24   the subject's beginning and encoded words               test_wire.r24
 25   Date, Message-ID, From, To once                         test_wire.r25
 26   List-Unsubscribe as it is                               test_wire.r26
 27   List-Unsubscribe-Post                                   test_wire.r27 (the header; the page has its own tests)
 28   List-ID, Feedback-ID, Precedence                        test_wire.r28
 29   DKIM                                                    test_wire.r29
 30   SpamAssassin                                            test_spam.r30
====  ======================================================  =====================================================

The node modules come from package.json, whose lock names no address; `npm ci` installs them. Without node, Chromium or
SpamAssassin the tests that need them are skipped with a reason, in CI they fail.
"""
