"""Given names common in several languages: the content evidence that a column names persons."""

# ruff: noqa: SIM905 - a list of words is read as text

from __future__ import annotations

GIVEN_NAMES: frozenset[str] = frozenset(
    """
    aaron abigail adam adrian agnes ahmed aisha alan albert alejandro alessandro alex alexander
    alexandra ali alice alicia amanda amelia amir amy ana andrea andreas andrew andrzej angela anita
    anja ann anna anne annette anthony antonio arthur ashley astrid austin barbara beatrice benjamin
    bernd bernard beth betty birgit bob bogdan brandon brenda brian bruce bruno camille carl carla
    carlos carmen carol caroline catherine charles charlotte chen cheryl chloe chris christian
    christina christine christoph christopher clara claudia claus cynthia daniel daniela david
    deborah denise dennis diana diego dieter dmitri donald donna dorothy douglas edward elena elisa
    elisabeth elizabeth ella ellen emily emma emmanuel eric erik erika ethan eva evelyn fatima
    felix fernando finn florian frances francesca francesco francisco frank franz frederic friedrich
    gabriel gabriela gary george gerald gerhard giovanni giulia giuseppe gloria grace grant greg
    gregory grzegorz guido gustav hannah hans harold harry hassan heather heidi heinz helen helena
    helga henri henrik henry hugo ian ibrahim ines ingrid irene isaac isabel isabella ivan jack
    jacob jacqueline jacques james jan jane janet jason javier jean jeff jeffrey jennifer jens
    jeremy jerry jessica joan joana joe joel johan johann johannes john jonas jonathan jorge jose
    joseph joshua joyce juan judith judy julia julian julie juliette jurgen justin karen karin karl
    katarzyna kate katharina katherine kathleen kathryn katja keith kelly kenneth kevin khalid
    kimberly klaus krzysztof kyle lars laura lauren laurent lea leah lena leon leonardo lewis li
    liam lina linda lisa logan louis louise luca lucas lucia lucy luis luisa lukas magdalena manuel
    marc marcel marco marcus margaret maria marie marina mario marion mark markus marta martha
    martin martina mary mateo matteo matthew matthias max maximilian megan mehmet melanie melissa
    mia michael michel michelle miguel mike mila mohamed mohammed monica monika muhammad nadia
    nancy natalia natalie nathalie nathan nicholas nico nicola nicolas nicole nikolai nils nina noah
    nora oliver olivia olga omar oscar pablo pamela paolo patricia patrick paul paula pavel pedro
    peter petra philip philipp philippe pierre piotr priya rachel rafael rahul raj ralf ralph ramon
    raymond rebecca regina renate ricardo richard rita robert roberto roger roland ronald rosa rose
    roy ruth ryan sabine salma samantha samuel sandra santiago sara sarah scott sean sebastian
    serge sergei sergio sharon shirley silvia simon sofia sonia sophia sophie stefan stefanie
    stephan stephanie stephen steve steven susan susanne svetlana sven sylvia tamara tanja tanya
    teresa thierry thomas tiffany tim timothy tobias todd tom tomas tomasz tony tyler ulrich ursula
    uwe valentina valerie vanessa vera veronica victor victoria viktor vincent virginia vladimir
    walter wei werner william wolfgang xavier yan yasmin youssef yuki yusuf yves yvonne zachary
    zoe
    """.split()
)
