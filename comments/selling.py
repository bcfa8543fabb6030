"""What makes a text a sales pitch or an advertisement of oneself, whatever is sold.

The list of words knows wares; here it is the shape: a pitch urges, names terms and prices, speaks
for a firm and to a customer. One of these is everyday language, several together are not.
"""

import re
from collections.abc import Iterator

from comments.submissions import Finding, Submission
from comments.tokens import folded, without_links

FEWEST = 2  # moves of a pitch, before it is one

_PITCH = {
    "urges": re.compile(
        r"\b(?:(?:order|buy|book|apply|enrol+|shop|claim|join|register|call|contact|invest"
        r"|subscribe"
        r"|play|bet|mint|visit|download|try|start|sign up|get (?:it|yours?|started|paid"
        r"|\w+ free))\b"
        r"(?: \w+){0,3} (?:now|today|here|at|us|our|via|online)\b"
        r"|(?:act|hurry|limited) (?:now|up|time|supply|spots?)|today only|(?:click"
        r"|tap) (?:here|the"
        r" link)|interested\?|(?:visit|see|check out|feel free to|stop by|look into|surf to)"
        r" (?:\w+ ){0,2}(?:my|our) |reply with your|highly recommend|connect your)"
    ),
    "terms": re.compile(
        r"\b\d+ ?% (?:(?:\w+ ){0,2}(?:off|bonus|cheaper|discount|cashback)|original|safe|legit"
        r"|guaranteed|free|(?:\w+ )?deposit)|\b(?:only|just|from|for|at) (?:only )?[£$€]\d"
        r"|\bup to \d+ ?%"
        r"|\bby \d+ ?%[!.]|[£$€]\d[\d,.]* (?:weekly|daily|per (?:day|week|hour)|a (?:day|week)"
        r"|in \d+ days)"
        r"|\bfree (?:trial|demo|quote|shipping|delivery|estimate|spins?|sign ?up|consultation"
        r"|gift"
        r"|bet|download|nft)|\bno (?:deposit|risk|credit check|prescription|win no fee|experience"
        r"|sign ?up)\b|(?:affordable|best|lowest|cheap\w*|low) (?:\w+ )?(?:prices?|rates?"
        r"|deals?)|% off"
        r"|\bdiscounts?\b|promo code|bonus code|first order|money[- ]back|(?:instant|fast"
        r"|discreet"
        r"|overnight|next day|same day) (?:\w+ )?(?:delivery|shipping|withdrawal|payout|approval)"
    ),
    "firm": re.compile(
        r"\b(?:we (?:are (?:the |a )?(?:leading|professional|trusted|best)|offer|provide|sell"
        r"|produce"
        r"|build|supply|speciali[sz]e|help (?:you|businesses|companies|students))"
        r"|our (?:\w+ ){0,2}(?:services?|company|agency|team|experts?|clinic|software|course"
        r"|writers?"
        r"|store|shop|products?|packages?|channel|rehab|solutions?|website|guide to)"
        r"|i am a (?:\w+ ){0,2}specialist|account manager|near me|available 24|24/7"
        r"|writing service"
        r"|trusted solutions|agen(?:cy|t) in|\w+ services? (?:in|for) )"
    ),
    "boast": re.compile(
        r"\b(?:guarante\w+|best (?:online|quality|price|casino|iptv)|leading|5[- ]star|luxury"
        r"|premium"
        r"|legit\w*|professional \w+s?|success rate|real (?:money|followers|results)|never loses"
        r"|100x|sure win|earn(?:ed|ing)? (?:\w+ ){0,2}(?:money|income|[£$€]\d)|passive income"
        r"|profits?"
        r"|doctors hate|one weird trick|was cured|cured (?:me|of)|thanks to (?:mr|mrs|dr|expert)"
        r"|got (?:all )?my (?:\w+ )?(?:funds|money|ex|husband|wife)|brought (?:him|her) back)"
    ),
    "customer": re.compile(
        r"\byour (?:business|website|site deserves|exam|order|first (?:order|tender|deposit)"
        r"|body|home"
        r"|wallet|traffic|rankings?|credit|account|assignment|essays?|dissertation|homework"
        r"|skin|phone"
        r"|area|price|certification|options|btc|bitcoin)\b|\b(?:are you looking|if you(?: a"
        r"|')re (?:looking"
        r"|ready|in need)|looking for (?:a |an |the )?(?:serious|reliable|affordable|best"
        r"|cheap|roof\w*)"
        r"|do you need|need to (?:win|buy|sell)|struggling with your|did you lose|whether you are"
        r"|you may be entitled|students who|for anyone looking)"
    ),
}  # fmt: skip
_SELF = re.compile(
    r"\b(?:subscri\w+|suscri\w+|sub|follow|add|like|watch|view|listen|check|visit|support"
    r"|vote|help|click"
    r"|join|read|look|go|come|rate|share)\b(?: (?!your|the|to know)[\w']+){0,3}?"
    r" (?:my|our|me|us)\b(?! (?:know|understand|if|wrong|when|what|why|how|that))"
    r"|\b(?:sub4sub|sub (?:back|for sub)|like and (?:sub\w*|share)|thumbs? (?:this |me )up"
    r"|(?:please|plz|pls) (?:like|vote|watch|follow) (?:for|my|me|us|this|and|here)"
    r"|(?:please|plz|pls) (?:sub|subscribe)(?! (?:me from|by))|check (?:out )?this (?:out"
    r"|video|channel|song|guy"
    r"|playlist|site)|(?:on|to|at) my (?:\w+ )?(?:chann?el|page|youtube|profile|website"
    r"|facebook))\b"
)
_ATTENTION = re.compile(
    r"\b(?:chann?els?|videos?|vids?|songs?|music|covers?|remix|raps?|page|stream"
    r"|subscribers?|sub|subs"
    r"|subscri\w+|playlist|fans?|views?|likes?|thumbs?|facebook|instagram|twitter|twitch"
    r"|youtuber?s?"
    r"|vote|homepage|web-?site|site|blog|weblog|profile|photos|gift cards?|podcast|album)\b"
)


def pitch(submission: Submission) -> Iterator[Finding]:
    """Find the moves of a sales pitch, each once; a second one makes it one, five are all."""
    text = " ".join(folded(without_links(submission.body)).split())
    moves = [move for move, pattern in _PITCH.items() if pattern.search(text)]
    if len(moves) >= FEWEST:
        yield Finding("pitch", ", ".join(moves), len(moves) - 1)


def self_promotion(submission: Submission) -> Iterator[Finding]:
    """Find a request to look at, follow or like what the writer owns."""
    text = " ".join(folded(without_links(submission.body)).split())
    asks = _SELF.search(text)
    if asks and _ATTENTION.search(text):
        yield Finding("self-promotion", asks[0][:60])
