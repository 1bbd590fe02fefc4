"""Kedro datasets: everything that this project reads from or writes to disk goes through here."""

from sparkle_curation.datasets.bench.ledger_dataset import BenchLedgerDataset
from sparkle_curation.datasets.configuration_dataset import ConfigurationDataset
from sparkle_curation.datasets.pipeline_code_dataset import PipelineCodeDataset
from sparkle_curation.datasets.release.asset_store_dataset import AssetStoreDataset
from sparkle_curation.datasets.release.benchmark_dataset import BenchmarkDataset
from sparkle_curation.datasets.release.credential_dataset import CredentialDataset
from sparkle_curation.datasets.release.excluded_samples_dataset import ExcludedSamplesDataset
from sparkle_curation.datasets.release.exclusions_dataset import ExclusionsDataset
from sparkle_curation.datasets.release.hub_dataset import DownloadFolderDataset, HubDataset
from sparkle_curation.datasets.release.joined_release_dataset import JoinedReleaseDataset
from sparkle_curation.datasets.release.made_media_dataset import MadeMediaDataset
from sparkle_curation.datasets.release.media_folder_dataset import MediaFolderDataset
from sparkle_curation.datasets.release.new_release_dataset import NewReleaseDataset
from sparkle_curation.datasets.release.release_dataset import ReleaseDataset
from sparkle_curation.datasets.release.removal_place_dataset import RemovalPlaceDataset
from sparkle_curation.datasets.release.sources_dataset import SourcesDataset
from sparkle_curation.datasets.reports.figure_dataset import FigureDataset
from sparkle_curation.datasets.reports.image_dataset import PNGDataset
from sparkle_curation.datasets.reports.page_dataset import PageDataset
from sparkle_curation.datasets.reports.report_datasets import MetricsJSONDataset, ReportCSVDataset
from sparkle_curation.datasets.reports.text_dataset import TextDataset
from sparkle_curation.datasets.reports.text_folder_dataset import TextFolderDataset
from sparkle_curation.datasets.reports.validation_datasets import DataDocsDataset, ValidationsDataset
from sparkle_curation.datasets.tables.asked_for_media_dataset import AskedForMediaDataset
from sparkle_curation.datasets.tables.fingerprints_dataset import FingerprintsDataset
from sparkle_curation.datasets.tables.journal_dataset import JournalDataset
from sparkle_curation.datasets.tables.jsonl_folder_dataset import JSONLFolderDataset
from sparkle_curation.datasets.tables.lean_tables_dataset import LeanTablesDataset
from sparkle_curation.datasets.tables.paces_dataset import PacesDataset
from sparkle_curation.datasets.tables.parts_dataset import PartsDataset
from sparkle_curation.datasets.tables.schema_validator import TableSchemaValidator
from sparkle_curation.datasets.tables.table_before_dataset import TableBeforeDataset
from sparkle_curation.datasets.tables.table_dataset import TableDataset
from sparkle_curation.datasets.variant.benchmark_folder_dataset import BenchmarkFolderDataset
from sparkle_curation.datasets.variant.kiwi_edit_dataset import (
    KiwiEditDataset,
    VariantIdsDataset,
    VariantThemesDataset,
)
from sparkle_curation.datasets.variant.mixes_dataset import MixesDataset
from sparkle_curation.datasets.variant.other_variant_dataset import OtherVariantsDataset
from sparkle_curation.datasets.variant.overrides_dataset import OverridesDataset
from sparkle_curation.datasets.variant.publication_dataset import PublicationDataset, ReleaseOriginDataset
from sparkle_curation.datasets.variant.training_kit_dataset import MediaRootDataset, TrainingKitDataset
from sparkle_curation.datasets.variant.variant_facts_dataset import VariantFactsDataset
from sparkle_curation.datasets.variant.variant_store import VariantStoreDataset
from sparkle_curation.datasets.variant.variants_dataset import VariantsDataset
from sparkle_curation.datasets.variant.version_datasets import DataVersionDataset, GitRevisionDataset

__all__ = [
    "AskedForMediaDataset",
    "AssetStoreDataset",
    "BenchLedgerDataset",
    "BenchmarkDataset",
    "BenchmarkFolderDataset",
    "ConfigurationDataset",
    "CredentialDataset",
    "DataDocsDataset",
    "DataVersionDataset",
    "DownloadFolderDataset",
    "ExcludedSamplesDataset",
    "ExclusionsDataset",
    "FigureDataset",
    "FingerprintsDataset",
    "GitRevisionDataset",
    "HubDataset",
    "JSONLFolderDataset",
    "JoinedReleaseDataset",
    "JournalDataset",
    "KiwiEditDataset",
    "LeanTablesDataset",
    "MadeMediaDataset",
    "MediaFolderDataset",
    "MediaRootDataset",
    "MetricsJSONDataset",
    "MixesDataset",
    "NewReleaseDataset",
    "OtherVariantsDataset",
    "OverridesDataset",
    "PNGDataset",
    "PacesDataset",
    "PageDataset",
    "PartsDataset",
    "PipelineCodeDataset",
    "PublicationDataset",
    "ReleaseDataset",
    "ReleaseOriginDataset",
    "RemovalPlaceDataset",
    "ReportCSVDataset",
    "SourcesDataset",
    "TableBeforeDataset",
    "TableDataset",
    "TableSchemaValidator",
    "TextDataset",
    "TextFolderDataset",
    "TrainingKitDataset",
    "ValidationsDataset",
    "VariantFactsDataset",
    "VariantIdsDataset",
    "VariantStoreDataset",
    "VariantThemesDataset",
    "VariantsDataset",
]
