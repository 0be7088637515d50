"""What each file of the collection has to be read as, split like the sources; on an empty platform in English."""

from tests.files.expected import books, databases, letters, offices, people, systems
from tests.files.expected.expectation import Expected

EXPECTED: dict[str, Expected] = {
    **offices.FILES,
    **systems.FILES,
    **databases.FILES,
    **letters.FILES,
    **people.FILES,
    **books.FILES,
}
