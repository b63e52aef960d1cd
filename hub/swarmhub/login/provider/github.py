"""GitHub, which has no OpenID Connect for users."""

from oauthenticator.github import GitHubOAuthenticator

from ..claims import claims_in
from . import refusals
from .authenticators import ProviderAuthenticator

# Of 100 teams each.
_MOST_PAGES = 10


class GitHubAuthenticator(ProviderAuthenticator, GitHubOAuthenticator):
    """Members of organizations and teams; with `groups`, teams are groups: "org:team" in lower case."""

    async def check_members(self, found, auth_state):
        """Raises SignInRefusedError for whom no organization has as a member."""
        token = auth_state["token_response"]
        for each in self.options.organizations:
            if await self._check_membership_allowed_organizations(each, found.shown, token["access_token"], token["token_type"]):
                return
        if self.options.organizations:
            members = f"members of {', '.join(self.options.organizations)}"
            raise refusals.not_a_member(self.options.service, found.shown, members)

    async def httpfetch(self, url, label="fetching", parse_json=True, raise_error=True, **options):
        """Also raises SignInRefusedError where GitHub cannot say whether somebody is a member: oauthenticator takes that for a no."""
        response = await super().httpfetch(url, label, parse_json, raise_error, **options)
        if not parse_json and (response.code == 429 or response.code >= 500):
            raise refusals.silent(self.options.service)
        return response

    async def get_user_groups(self, auth_state):
        """Returns the teams of the account that the hub keeps, if the class asks for them."""
        teams = await self._teams(auth_state["token_response"]) if self.options.groups else []
        return set(self.access.membership.kept(claims_in(teams)))

    async def _teams(self, token: dict) -> list[str]:
        headers = self.build_userdata_request_headers(token["access_token"], token["token_type"])
        found: list[str] = []
        for page in range(1, _MOST_PAGES + 1):
            # https://docs.github.com/en/rest/teams/teams#list-teams-for-the-authenticated-user
            response = await self.connection.request(f"{self.github_api}/user/teams?per_page=100&page={page}", headers=headers)
            teams = self.connection.parse_list(response)
            found += [f"{team['organization']['login']}:{team['slug']}".lower() for team in teams]
            if len(teams) < 100:
                break
        return found
