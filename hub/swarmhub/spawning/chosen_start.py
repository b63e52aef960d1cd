"""The options of a start: its image, the limits that result, and whether it is a safe one."""

from traitlets import Instance

from ..login.membership import Membership, last_claims
from ..server_settings import Group
from ..settings import Settings
from .environment import Mode
from .image_choice import FIELD, SAFE, options_from_query, settings_for
from .own_service import OwnServiceSpawner


class ChosenStart(OwnServiceSpawner):
    """What the user of this server has chosen, and how full their home was before the start."""

    membership = Instance(Membership, (), config=True, help="who is in which group of the configuration")
    home_size: int = 0  # the limit of the home in bytes
    home_is_full = False
    mode_notice: str | None = None  # why the mode is not the normal one, and how to repair that; JupyterLab shows it too

    @property
    def groups(self) -> list[Group]:
        """The groups of the configuration in which the user is at this moment."""
        return self.membership.groups_of(self.user.name, last_claims(self.user, self.authenticator))

    @property
    def chosen(self) -> Settings:
        """The settings with the image of this server, and the limits that its user has with it."""
        return settings_for(self.settings, self.user_options.get(FIELD), self.groups)

    @property
    def mode(self) -> Mode:
        if self.user_options.get(SAFE):
            return Mode.SAFE
        return Mode.FULL if self.home_is_full else Mode.NORMAL

    def options_from_query(self, query_data):
        return options_from_query(self.class_settings, query_data, self)

    def run_pre_spawn_hook(self):
        self.settings = self.class_settings
        self.image, self.default_url = self.chosen.image, self.settings.servers.start
        # A safe start is not kept for the next one, which JupyterHub begins with these options.
        self.orm_spawner.user_options = {key: value for key, value in self.user_options.items() if key != SAFE}
        return super().run_pre_spawn_hook()
